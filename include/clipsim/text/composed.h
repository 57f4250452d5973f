// One spelling of what looks the same: "é" is one character, or an "e" with an accent behind it (as macOS
// writes it into names of files).
#pragma once

#include <string>
#include <string_view>

namespace clipsim {

// Unicode's composed form (NFC); text that is no UTF-8 as it is. A build without sentences leaves all as it
// is.
std::string composed(std::string_view text);

}  // namespace clipsim
