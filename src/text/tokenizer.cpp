#include "clipsim/text/tokenizer.h"

#include <array>
#include <stdexcept>
#include <string>
#include <utility>

#include "byte_pairs.h"
#include "clipsim/core/error.h"
#include "clipsim/core/text.h"
#include "split_words.h"
#include "tokenizer_files.h"
#include "unicode.h"

namespace clipsim {

namespace {

constexpr std::string_view start_token = "<|startoftext|>";
constexpr std::string_view end_token = "<|endoftext|>";

std::int32_t special_id(const TokenizerFiles& files, std::string_view token) {
    const auto found = files.vocabulary.find(std::string(token));
    if (found == files.vocabulary.end())
        throw UsageError(concat(printable(files.origin), ": no token ", token, ": not a CLIP tokenizer"));
    return found->second;
}

BytePairs make_byte_pairs(const TokenizerFiles& files) {
    try {
        return {files.vocabulary, files.merges, special_id(files, end_token)};
    } catch (const std::invalid_argument& error) {
        throw UsageError(concat(printable(files.origin), ": ", printable(error.what())));
    }
}

}  // namespace

struct Tokenizer::Impl {
    explicit Impl(const TokenizerFiles& files)
        : start(special_id(files, start_token)),
          end(special_id(files, end_token)),
          vocabulary_size(files.vocabulary.size()),
          pairs(make_byte_pairs(files)) {}

    // Ids of a stretch of text without special tokens.
    void encode_plain(std::string_view text, std::vector<std::int32_t>& ids) const {
        for (const std::string& word : split_words(normalised(text))) pairs.encode(word, ids);
    }

    std::int32_t start, end;
    std::size_t vocabulary_size;
    BytePairs pairs;
};

Tokenizer::Tokenizer(const std::filesystem::path& model_folder)
    : impl_(std::make_unique<const Impl>(read_tokenizer_files(model_folder))) {}
Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;

TokenIds Tokenizer::encode(std::string_view text, std::size_t limit) const {
    TokenIds tokens;
    tokens.ids.push_back(impl_->start);
    // Special tokens stand for themselves also inside a sentence.
    while (!text.empty()) {
        const std::size_t start = text.find(start_token);
        const std::size_t end = text.find(end_token);
        const std::size_t next = std::min(start, end);
        impl_->encode_plain(text.substr(0, next), tokens.ids);
        if (next == std::string_view::npos) break;
        tokens.ids.push_back(start < end ? impl_->start : impl_->end);
        text.remove_prefix(next + (start < end ? start_token : end_token).size());
    }
    if (tokens.ids.size() + 1 > limit) {
        tokens.ids.resize(limit - 1);
        tokens.cut = true;
    }
    tokens.ids.push_back(impl_->end);
    return tokens;
}

std::int32_t Tokenizer::start_of_text() const {
    return impl_->start;
}
std::int32_t Tokenizer::end_of_text() const {
    return impl_->end;
}
std::size_t Tokenizer::vocabulary_size() const {
    return impl_->vocabulary_size;
}

}  // namespace clipsim
