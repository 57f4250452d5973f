#include "clipsim/core/utf8.h"

#include "clipsim/core/error.h"

namespace clipsim {

// Unicode 15, table 3-7.
std::size_t utf8_length(std::string_view text, std::size_t i) {
    const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(text[i + k]); };
    const auto continued = [&](std::size_t count) {
        if (i + count >= text.size()) return false;
        for (std::size_t k = 1; k <= count; ++k) {
            if ((byte(k) & 0xC0U) != 0x80U) return false;
        }
        return true;
    };
    const unsigned char lead = byte(0);
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return continued(1) ? 2 : 0;
    if (lead >= 0xE0 && lead <= 0xEF) {
        if (!continued(2)) return 0;
        if ((lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xED && byte(1) > 0x9F)) return 0;
        return 3;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        if (!continued(3)) return 0;
        if ((lead == 0xF0 && byte(1) < 0x90) || (lead == 0xF4 && byte(1) > 0x8F)) return 0;
        return 4;
    }
    return 0;
}

bool is_utf8(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = utf8_length(text, i);
        if (length == 0) return false;
        i += length;
    }
    return true;
}

std::string_view without_bom(std::string_view text, const std::string& name) {
    if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
        throw UsageError(name + ": the text is UTF-16; save it as UTF-8");
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    return text;
}

std::string_view line_of_list(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

}  // namespace clipsim
