// The table: one family per file, in the order in which they are asked whether they recognise a model.
#pragma once

#include <array>

#include "clipsim/model/families/model_family.h"

namespace clipsim {

extern const ModelFamily clip_family, efficientnet_clip_family, dinov2_family;

inline constexpr std::array all_families{&clip_family, &efficientnet_clip_family, &dinov2_family};

}  // namespace clipsim
