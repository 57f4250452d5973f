// The models that have a short name: the one table for finding them, pulling them and listing them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace clipsim {

struct KnownModel {
    std::string_view name;
    std::string_view repository;  // owner/name on the Hugging Face hub; "": comes with clipsim
    std::uint32_t megabytes;      // of its weights, 4 bytes per parameter; 0: comes with clipsim
    std::string_view about;
};

// In the order in which they are listed.
std::span<const KnownModel> known_models();
// nullptr where no model has that name.
const KnownModel* find_known_model(std::string_view name);

}  // namespace clipsim
