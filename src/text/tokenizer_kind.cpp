#include "clipsim/text/tokenizer_kind.h"

#include <array>

namespace clipsim {

namespace fs = std::filesystem;

std::span<const char* const> tokenizer_files(TokenizerKind kind) {
    static constexpr std::array<const char*, 6> clip{"vocab.json",
                                                     "merges.txt",
                                                     "tokenizer.json",
                                                     "tokenizer_config.json",
                                                     "special_tokens_map.json",
                                                     "added_tokens.json"};
    switch (kind) {
        case TokenizerKind::clip:
            return clip;
    }
    return {};
}

bool has_tokenizer(TokenizerKind kind, const fs::path& model_folder) {
    const auto is_there = [&](const char* name) {
        std::error_code ignored;
        return fs::exists(model_folder / name, ignored);
    };
    switch (kind) {
        case TokenizerKind::clip:
            return is_there("tokenizer.json") || (is_there("vocab.json") && is_there("merges.txt"));
    }
    return false;
}

}  // namespace clipsim
