// What CLIP's tokenizer needs of Unicode; the tables are utf8proc's.
#pragma once

#include <string>
#include <string_view>

namespace clipsim {

// NFC, every run of white space as one blank, lower case: in this order, as Hugging Face's normalizer.
// Bytes that are no UTF-8 become U+FFFD.
std::u32string normalised(std::string_view utf8);

void append_utf8(std::string& text, char32_t character);

bool is_letter(char32_t character);  // \p{L}
bool is_number(char32_t character);  // \p{N}
bool is_space(char32_t character);   // \s

}  // namespace clipsim
