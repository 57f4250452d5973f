// Weights in several files, with a `*.index.json` that says which tensor is in which
// (https://huggingface.co/docs/transformers/big_models#sharded-checkpoints).
#pragma once

#include "clipsim/weights/weights_file.h"

namespace clipsim {

// Throws UsageError naming the index or the shard. A shard lies beside the index; names that lead elsewhere
// are refused.
WeightsFile read_sharded_weights(const std::filesystem::path& index);

}  // namespace clipsim
