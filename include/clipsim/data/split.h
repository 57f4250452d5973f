// The train/validation split: by class, from a seed, independent of the order of files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "clipsim/data/catalogue.h"

namespace clipsim {

struct Split {
    std::vector<std::size_t> train;       // indices into Catalogue::images, ascending
    std::vector<std::size_t> validation;  // likewise
    std::vector<std::string> train_only;  // classes with a single image: all of it is for training
};

// Of each class of n images, round(n * val_fraction) go to validation, at least one and at most n - 1. Which
// ones depends on the hash of seed and the path relative to the root, so that a new file does not reshuffle
// the others. Images without a label are in neither. Throws UsageError when fewer than two classes have two
// or more images.
Split split_by_class(const Catalogue& catalogue, double val_fraction, std::uint64_t seed);

}  // namespace clipsim
