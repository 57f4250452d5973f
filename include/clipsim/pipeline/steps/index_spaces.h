// Which of a model's spaces an index holds.
#pragma once

#include <vector>

#include "clipsim/index/index_config.h"
#include "clipsim/index/index_identity.h"
#include "clipsim/model/embedder.h"
#include "clipsim/model/model_identity.h"
#include "clipsim/pipeline/config.h"

namespace clipsim {

// The image space and, where a fine-tuned head makes it another than the text space and sentences are to be
// searched for, the text space.
std::vector<Space> index_spaces(const Embedder& embedder, const IndexConfig& config);

IndexIdentity index_identity(const Embedder& embedder, const Config& config);
IndexIdentity index_identity(const ModelIdentity& model, const Config& config);  // the same, unloaded

}  // namespace clipsim
