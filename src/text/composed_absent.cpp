#include "clipsim/text/composed.h"

namespace clipsim {

std::string composed(std::string_view text) {
    return std::string(text);
}

}  // namespace clipsim
