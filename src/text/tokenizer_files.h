// The vocabulary and the merges of CLIP's tokenizer, read from what Hugging Face keeps beside a model.
#pragma once

#include <filesystem>

#include "byte_pairs.h"

namespace clipsim {

struct TokenizerFiles {
    std::filesystem::path origin;  // the file that errors name
    Vocabulary vocabulary;
    Merges merges;
};

// vocab.json and merges.txt where both are there, else tokenizer.json. Throws UsageError naming file and
// place.
TokenizerFiles read_tokenizer_files(const std::filesystem::path& model_folder);

}  // namespace clipsim
