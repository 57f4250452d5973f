// Which tokenizer a model comes with, and which files of its folder are that tokenizer's.
#pragma once

#include <filesystem>
#include <span>

namespace clipsim {

enum class TokenizerKind { clip };

// What a folder may hold of one, all that is copied with a model.
std::span<const char* const> tokenizer_files(TokenizerKind kind);

// Whether a model's folder has the files of one; they may still turn out to be damaged.
bool has_tokenizer(TokenizerKind kind, const std::filesystem::path& model_folder);

}  // namespace clipsim
