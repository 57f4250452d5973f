// A small world of photos to train, index and search in.
#pragma once

#include <filesystem>

namespace clipsim::testing {

// `per_class` pictures in each of three classes (red, green, blue: noisy discs of that hue), as PNG files
// under folder/photos/CLASS/.
void draw_photos(const std::filesystem::path& photos, int per_class);

}  // namespace clipsim::testing
