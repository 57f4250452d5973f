#include "unicode.h"

#include <utf8proc.h>

#include <array>

#include "clipsim/text/composed.h"

namespace clipsim {

namespace {

constexpr char32_t replacement = 0xFFFD;
constexpr char32_t capital_i_with_dot = 0x130;  // the one letter whose lower case is two characters
constexpr char32_t combining_dot_above = 0x307;

std::u32string decode(std::string_view utf8) {
    std::u32string text;
    text.reserve(utf8.size());
    const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(utf8.data());
    for (std::size_t at = 0; at < utf8.size();) {
        utf8proc_int32_t character = -1;
        const utf8proc_ssize_t length =
            utf8proc_iterate(bytes + at, static_cast<utf8proc_ssize_t>(utf8.size() - at), &character);
        text.push_back(length > 0 ? static_cast<char32_t>(character) : replacement);
        at += length > 0 ? static_cast<std::size_t>(length) : 1;
    }
    return text;
}

utf8proc_category_t category_of(char32_t character) {
    return utf8proc_category(static_cast<utf8proc_int32_t>(character));
}

}  // namespace

void append_utf8(std::string& text, char32_t character) {
    std::array<utf8proc_uint8_t, 4> bytes{};
    const utf8proc_ssize_t length =
        utf8proc_encode_char(static_cast<utf8proc_int32_t>(character), bytes.data());
    text.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(length));
}

std::u32string normalised(std::string_view utf8) {
    std::string valid;
    valid.reserve(utf8.size());
    for (const char32_t character : decode(utf8)) append_utf8(valid, character);

    std::u32string text;
    for (const char32_t character : decode(composed(valid))) {
        if (is_space(character)) {
            if (text.empty() || text.back() != U' ') text.push_back(U' ');
        } else if (character == capital_i_with_dot) {
            text.push_back(U'i');
            text.push_back(combining_dot_above);
        } else {
            text.push_back(static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(character))));
        }
    }
    return text;
}

bool is_letter(char32_t character) {
    const utf8proc_category_t category = category_of(character);
    return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

bool is_number(char32_t character) {
    const utf8proc_category_t category = category_of(character);
    return category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO;
}

bool is_space(char32_t character) {
    if (character >= U'\t' && character <= U'\r') return true;
    const utf8proc_category_t category = category_of(character);
    return character == 0x85 || (category >= UTF8PROC_CATEGORY_ZS && category <= UTF8PROC_CATEGORY_ZP);
}

}  // namespace clipsim
