#include "clip_tokenizer.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

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

ClipTokenizer::ClipTokenizer(const std::filesystem::path& model_folder)
    : ClipTokenizer(read_tokenizer_files(model_folder)) {}

ClipTokenizer::ClipTokenizer(const TokenizerFiles& files)
    : start_(special_id(files, start_token)),
      end_(special_id(files, end_token)),
      vocabulary_size_(files.vocabulary.size()),
      pairs_(make_byte_pairs(files)) {}

void ClipTokenizer::encode_plain(std::string_view text, std::vector<std::int32_t>& ids) const {
    for (const std::string& word : split_words(normalised(text))) pairs_.encode(word, ids);
}

TokenIds ClipTokenizer::encode(std::string_view text, std::size_t limit) const {
    TokenIds tokens;
    tokens.ids.push_back(start_);
    // Special tokens stand for themselves also inside a sentence.
    while (!text.empty()) {
        const std::size_t start = text.find(start_token);
        const std::size_t end = text.find(end_token);
        const std::size_t next = std::min(start, end);
        encode_plain(text.substr(0, next), tokens.ids);
        if (next == std::string_view::npos) break;
        tokens.ids.push_back(start < end ? start_ : end_);
        text.remove_prefix(next + (start < end ? start_token : end_token).size());
    }
    if (tokens.ids.size() + 1 > limit) {
        tokens.ids.resize(limit - 1);
        tokens.cut = true;
    }
    tokens.ids.push_back(end_);
    return tokens;
}

}  // namespace clipsim
