// Which of a model's spaces an index holds.
#pragma once

#include <vector>

#include "clipsim/index/index_config.h"
#include "clipsim/index/index_identity.h"
#include "clipsim/model/embedder.h"
#include "clipsim/model/model_identity.h"

namespace clipsim {

// The space that images are compared in: projected where there is a fine-tuned head, else CLIP's own.
Space index_space(const Embedder& embedder);

// That space and, where it is not CLIP's own and sentences are to be searched for, CLIP's own beside it.
std::vector<Space> index_spaces(const Embedder& embedder, const IndexConfig& config);

IndexIdentity index_identity(const Embedder& embedder, const IndexConfig& config);
IndexIdentity index_identity(const ModelIdentity& model, const IndexConfig& config);  // the same, unloaded

}  // namespace clipsim
