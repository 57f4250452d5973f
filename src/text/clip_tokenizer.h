// CLIP's tokenizer: lower-cased byte-level BPE (Sennrich et al. 2016, https://arxiv.org/abs/1508.07909, over
// bytes as in GPT-2). Token ids are those of Hugging Face's CLIPTokenizer.
#pragma once

#include "byte_pairs.h"
#include "clipsim/text/tokenizer.h"

namespace clipsim {

struct TokenizerFiles;

class ClipTokenizer : public Tokenizer {
  public:
    // Reads tokenizer.json, or vocab.json and merges.txt, of a model's folder. Throws UsageError naming the
    // file when there is none, or it is damaged or no CLIP tokenizer's.
    explicit ClipTokenizer(const std::filesystem::path& model_folder);

    // Start of text, the sentence, end of text.
    TokenIds encode(std::string_view text, std::size_t limit) const override;

    std::int32_t start_of_text() const { return start_; }
    std::int32_t end_of_text() const { return end_; }
    std::size_t vocabulary_size() const { return vocabulary_size_; }

  private:
    explicit ClipTokenizer(const TokenizerFiles& files);
    // Ids of a stretch of text without special tokens.
    void encode_plain(std::string_view text, std::vector<std::int32_t>& ids) const;

    std::int32_t start_, end_;
    std::size_t vocabulary_size_;
    BytePairs pairs_;
};

}  // namespace clipsim
