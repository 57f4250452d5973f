#include "clipsim/pipeline/steps/sentence_encoder.h"

#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "unit_rows.h"

namespace clipsim {

namespace {

std::unique_ptr<const Tokenizer> tokenizer_of(Embedder& embedder) {
    embedder.context_length();  // a model that reads no sentences says so
    return read_tokenizer(embedder.tokenizer(), embedder.model_folder());
}

}  // namespace

SentenceEncoder::SentenceEncoder(Embedder& embedder)
    : embedder_(embedder), tokenizer_(tokenizer_of(embedder)) {}

std::vector<float> SentenceEncoder::encode(std::span<const std::string> sentences) {
    const auto limit = static_cast<std::size_t>(embedder_.context_length());
    std::vector<std::vector<std::int32_t>> tokens;
    for (const std::string& sentence : sentences) {
        TokenIds encoded = tokenizer_->encode(sentence, limit);
        if (encoded.cut) {
            log_warning(concat("\"", printable(sentence.substr(0, 60)), "...\" is longer than the ", limit,
                               " tokens that ", embedder_.model_id(), " reads; its end is left out"));
        }
        tokens.push_back(std::move(encoded.ids));
    }
    std::vector<float> rows = embedder_.embed_sentences(tokens);
    if (const auto row = first_broken_row(rows, static_cast<std::size_t>(embedder_.dimension(Space::text))))
        throw_broken(embedder_.model_id(), concat('"', printable(sentences[*row]), '"'));
    return rows;
}

}  // namespace clipsim
