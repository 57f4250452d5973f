// Which photos are held out: photos of every class, or whole classes. From a seed, independent of the order
// of files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "clipsim/data/catalogue.h"
#include "clipsim/data/data_config.h"

namespace clipsim {

// All are indices into Catalogue::images, ascending, and disjoint. Images without a label are in none.
struct Split {
    std::vector<std::size_t> train;
    std::vector<std::size_t> validation;  // of the classes trained on: they choose the best epoch
    std::vector<std::size_t> unseen;      // all images of classes that training never sees; by_class alone
    std::vector<std::string> train_only;  // classes with a single image: all of it is for training
};

// As data.split says.
Split split_images(const Catalogue& catalogue, const DataConfig& data);

// Of each class of n images, round(n * val_fraction) go to validation, at least one and at most n - 1. Which
// ones depends on the hash of seed and the path relative to the root, so that a new file does not reshuffle
// the others. Throws UsageError when fewer than two classes have two or more images.
Split hold_out_images(const Catalogue& catalogue, double val_fraction, std::uint64_t seed);

// Of the n classes of two images or more, round(n * val_fraction) are held out whole, at least two and at
// most n - 2. Which ones depends on the hash of seed and name, so that a new class does not reshuffle the
// others. Of the classes trained on a fifth of the images (val_fraction, where that is less) goes to
// validation: the unseen classes take no part in choosing the model that they test (Musgrave et al. 2020, "A
// Metric Learning Reality Check", https://arxiv.org/abs/2003.08505). Throws UsageError for fewer than four
// such classes.
Split hold_out_classes(const Catalogue& catalogue, double val_fraction, std::uint64_t seed);

}  // namespace clipsim
