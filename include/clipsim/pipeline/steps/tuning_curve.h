// A picture of what tune_index measured.
#pragma once

#include <filesystem>

#include "clipsim/index/tuner.h"

namespace clipsim {

// Recall and time per query against effort. Atomic; PNG or JPEG by extension. Throws Error.
void save_tuning_curve(const std::filesystem::path& file, const TuneReport& report);

}  // namespace clipsim
