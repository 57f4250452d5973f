// Warnings of a `--where` that can't be meant as it is.
#pragma once

#include <span>
#include <string>

#include "clipsim/index/image_filter.h"
#include "clipsim/index/index_store.h"

namespace clipsim {

// Whether it is worth looking the index's labels up.
bool filters_by_label(const ImageFilter& where);

// Of labels that are not among the index's, naming the nearest.
void warn_of_unknown_labels(const ImageFilter& where, std::span<const std::string> labels);

// Of folders and globs that no image of the index fits.
void warn_of_empty_conditions(const ImageFilter& where, std::span<const StoredImage> images);

}  // namespace clipsim
