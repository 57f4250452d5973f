// What a model is, whichever format it came in. No torch here.
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string>

#include "clipsim/model/families/model_family.h"
#include "clipsim/model/model_files.h"
#include "clipsim/weights/weights_file.h"

namespace clipsim {

// Throws UsageError naming file and key for what is damaged, not supported or of no known family.
ModelDescription describe_model(const ModelFiles& files, const WeightsFile& weights,
                                std::span<const ModelFamily* const> families = model_families());

// Says in the log that `spec` is but assumed, where a model's files say nothing about it.
void note_assumed_preprocessing(const ModelFiles& files, const PreprocessSpec& spec);

// The hash of a file: hash_file, or one that remembers.
using FileHash = std::function<std::string(const std::filesystem::path&)>;

// Of the bytes of weights, config and preprocessing: changes whenever vectors would.
std::string model_hash(const ModelFiles& files, const WeightsFile& weights, const FileHash& hash);

}  // namespace clipsim
