#include "split_words.h"

#include <array>

#include "unicode.h"

namespace clipsim {

namespace {

constexpr std::array<std::u32string_view, 7> contractions{U"'s", U"'t", U"'re", U"'ve", U"'m", U"'ll", U"'d"};
// Written with a capital these are no special tokens, and once in lower case the pattern takes them whole:
// what follows is a piece of its own.
constexpr std::array<std::u32string_view, 2> specials{U"<|startoftext|>", U"<|endoftext|>"};

template <std::size_t N>
std::size_t length_of_first(const std::array<std::u32string_view, N>& candidates, std::u32string_view text) {
    for (const std::u32string_view candidate : candidates) {
        if (text.starts_with(candidate)) return candidate.size();
    }
    return 0;
}

template <typename Predicate>
std::size_t run_length(std::u32string_view text, Predicate belongs) {
    std::size_t length = 0;
    while (length < text.size() && belongs(text[length])) ++length;
    return length;
}

bool is_other(char32_t character) {
    return !is_space(character) && !is_letter(character) && !is_number(character);
}

std::size_t piece_length(std::u32string_view text) {
    if (const std::size_t length = length_of_first(contractions, text)) return length;
    if (is_letter(text.front())) return run_length(text, is_letter);
    if (is_number(text.front())) return 1;
    return run_length(text, is_other);
}

void append_piece(std::vector<std::string>& pieces, std::u32string_view piece) {
    std::string utf8;
    for (const char32_t character : piece) append_utf8(utf8, character);
    pieces.push_back(std::move(utf8));
}

void split_plain(std::vector<std::string>& pieces, std::u32string_view text) {
    while (!text.empty()) {
        const std::size_t length = is_space(text.front()) ? 0 : piece_length(text);
        if (length > 0) append_piece(pieces, text.substr(0, length));
        text.remove_prefix(length > 0 ? length : 1);
    }
}

}  // namespace

std::vector<std::string> split_words(std::u32string_view text) {
    std::vector<std::string> pieces;
    while (!text.empty()) {
        if (const std::size_t special = length_of_first(specials, text)) {
            split_plain(pieces, text.substr(0, special));  // the byte-level step's pattern does not know them
            text.remove_prefix(special);
        } else if (is_space(text.front())) {
            text.remove_prefix(1);
        } else {
            const std::size_t length = piece_length(text);
            append_piece(pieces, text.substr(0, length));
            text.remove_prefix(length);
        }
    }
    return pieces;
}

}  // namespace clipsim
