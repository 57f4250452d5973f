// What a run is made of, as far as its result depends on it: --resume refuses the state of another run.
#pragma once

#include <string>

#include "clipsim/train/trainer.h"

namespace clipsim {

// A JSON object from config keys to values; model.clip stands for the model's hash, data.root for the photos'
// names.
std::string run_fingerprint(const TrainOptions& options, const std::string& model_hash,
                            const Catalogue& catalogue, const Split& split);

// Throws UsageError naming the first key in which the two differ.
void require_same_run(const std::string& stored, const std::string& current);

// A hash of the names and labels of some images.
std::string hash_of_images(const Catalogue& catalogue, const std::vector<std::size_t>& images);

}  // namespace clipsim
