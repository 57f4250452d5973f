// What a run is made of, as far as its result depends on it: --resume refuses the state of another run.
#pragma once

#include <optional>
#include <string>

#include "clipsim/train/trainer.h"

namespace clipsim {

// A JSON object from config keys to values; model.clip stands for the model's hash, data.root for the photos'
// names.
std::string run_fingerprint(const TrainOptions& options, const std::string& model_hash,
                            const Catalogue& catalogue, const Split& split);

struct StageEpochs {
    int stage1 = 0, stage2 = 0;
    int total() const { return stage1 + stage2; }
    bool operator==(const StageEpochs&) const = default;
};
StageEpochs epochs_of(const std::string& fingerprint);

// The first key in which the two differ, and how; epochs do not count, for a run may be made longer.
std::optional<std::string> difference(const std::string& stored, const std::string& current);
// Throws UsageError where there is one.
void require_same_run(const std::string& stored, const std::string& current);

// A hash of the names and labels of some images.
std::string hash_of_images(const Catalogue& catalogue, const std::vector<std::size_t>& images);

}  // namespace clipsim
