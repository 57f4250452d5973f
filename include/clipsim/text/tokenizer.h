// CLIP's tokenizer: lower-cased byte-level BPE (Sennrich et al. 2016, https://arxiv.org/abs/1508.07909, over
// bytes as in GPT-2). Token ids are those of Hugging Face's CLIPTokenizer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

namespace clipsim {

struct TokenIds {
    std::vector<std::int32_t> ids;  // start of text, the sentence, end of text
    bool cut = false;               // the sentence was longer than the limit
};

// Whether a model's folder has the files of one; they may still turn out to be damaged.
bool has_tokenizer(const std::filesystem::path& model_folder);

// Thread-safe.
class Tokenizer {
  public:
    // Reads tokenizer.json, or vocab.json and merges.txt, of a model's folder. Throws UsageError naming the
    // file when there is none, or it is damaged or no CLIP tokenizer's.
    explicit Tokenizer(const std::filesystem::path& model_folder);
    ~Tokenizer();
    Tokenizer(Tokenizer&&) noexcept;
    Tokenizer& operator=(Tokenizer&&) noexcept;

    // At most `limit` (>= 2) ids: of a longer sentence the end is cut off, and end of text stays. `text` is
    // UTF-8; bytes that are none count as U+FFFD.
    TokenIds encode(std::string_view text, std::size_t limit) const;

    std::int32_t start_of_text() const;
    std::int32_t end_of_text() const;
    std::size_t vocabulary_size() const;

  private:
    struct Impl;
    std::unique_ptr<const Impl> impl_;
};

}  // namespace clipsim
