// Sentences to the token ids that a model's text tower reads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "clipsim/text/tokenizer_kind.h"

namespace clipsim {

struct TokenIds {
    std::vector<std::int32_t> ids;  // with the special tokens that the model expects around a sentence
    bool cut = false;               // the sentence was longer than the limit
};

// Thread-safe.
class Tokenizer {
  public:
    virtual ~Tokenizer() = default;

    // At most `limit` (>= 2) ids: of a longer sentence the end is cut off, but for the last special token.
    // `text` is UTF-8; bytes that are none count as U+FFFD.
    virtual TokenIds encode(std::string_view text, std::size_t limit) const = 0;
};

// The tokenizer in a model's folder. Throws UsageError naming the file when there is none of that kind, or it
// is damaged.
std::unique_ptr<const Tokenizer> read_tokenizer(TokenizerKind kind,
                                                const std::filesystem::path& model_folder);

}  // namespace clipsim
