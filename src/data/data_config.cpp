#include "clipsim/data/data_config.h"

#include "clipsim/core/config_table.h"

namespace clipsim {

void add_keys(ConfigTable& table, DataConfig& config) {
    table.add("data.root", "The folder of photos, one sub-folder per class", config.root);
    table.add("data.split", "What is held out: by_image, photos of every class; by_class, whole classes",
              config.split);
    table.add("data.val_fraction", "Share of each class (by_class: of the classes) held out for validation",
              config.val_fraction, 0.01, 0.9);
    table.add("data.seed", "Seed of the split, the sampler and all that is random", config.seed, 0,
              9007199254740991.0);
    table.add("data.workers", "Threads that read and preprocess images; 0: one per core", config.workers, 0,
              1024);
    table.add("data.augment", "Random crops and mirror images in stage 2", config.augment);
    table.add(
        "data.exclude",
        "What is no photo though it lies under the root: gitignore's patterns, e.g. [\"raw/\", \"*.gif\"]",
        config.exclude);
    table.add("data.max_pixels", "Images with more pixels than this are refused", config.max_pixels, 1, 1e12);
}

}  // namespace clipsim
