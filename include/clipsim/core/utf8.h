// Text from elsewhere: whether it is UTF-8, and what editors and other systems put around its lines.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace clipsim {

// Length of the well-formed UTF-8 sequence at `text[i]`, 0 where there is none.
std::size_t utf8_length(std::string_view text, std::size_t i);
bool is_utf8(std::string_view text);

// Without the byte order mark that some editors begin a UTF-8 file with. Throws UsageError for UTF-16, which
// some shells write; `name` is the file's, for the message.
std::string_view without_bom(std::string_view text, const std::string& name);
// Without the carriage return that other systems end a line with.
std::string_view line_of_list(std::string_view line);

}  // namespace clipsim
