#include "clipsim/core/config_table.h"

#include "clipsim/core/text.h"

namespace clipsim {

std::string ConfigKey::expectation() const {
    std::string text;
    switch (type) {
        case Type::boolean:
            text = "true or false";
            break;
        case Type::integer:
            text = "a whole number";
            break;
        case Type::number:
            text = "a number";
            break;
        case Type::string:
            text = "a text";
            break;
        case Type::list:
            text = "a list of texts";
            break;
    }
    if (minimum && maximum) text += concat(" from ", *minimum, " to ", *maximum);
    if (minimum && !maximum) text += concat(" of at least ", *minimum);
    if (!choices.empty()) {
        text = "one of";
        for (std::size_t i = 0; i < choices.size(); ++i) text += (i == 0 ? " " : ", ") + choices[i];
    }
    if (or_boolean) text += ", true, false";
    return nullable ? text + " or null" : text;
}

}  // namespace clipsim
