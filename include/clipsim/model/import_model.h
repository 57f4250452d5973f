// Any model that clipsim reads, made into one Hugging Face folder that transformers loads too.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace clipsim {

enum class WeightPrecision { fp32, fp16, bf16 };

struct ImportOptions {
    std::optional<WeightPrecision> precision;        // absent: each tensor stays as it is
    std::optional<std::filesystem::path> tokenizer;  // a folder to take the tokenizer's files from
};

struct ImportReport {
    std::string model;                   // the source's id
    std::vector<std::string> tokenizer;  // the files copied, from `tokenizer` or from beside the source
    bool reads_sentences = false;        // the model has a text tower, so it needs a tokenizer
};

// Writes config.json, model.safetensors, preprocessor_config.json and the tokenizer's files into `target`, a
// folder that is not there yet, or empty; it appears whole or not at all. Position embeddings of a CLIP are
// written for the image size of its config. Throws UsageError (the source; a target that is in use; a weight
// that fp16 can't hold) and Error (writing failed).
ImportReport import_model(const std::string& source, const std::filesystem::path& target,
                          const ImportOptions& options);

}  // namespace clipsim
