// What torch.save and torch.jit.save write: a zip archive in which `NAME/data.pkl` describes the tensors and
// `NAME/data/N` holds their bytes (https://pytorch.org/docs/stable/notes/serialization.html). Read without
// PyTorch's own loaders, which execute what is in such a file or trust it.
#pragma once

#include "clipsim/weights/weights_file.h"
#include "file_bytes.h"

namespace clipsim {

// The tensors of a state dict, of one under the key "state_dict" of a training checkpoint (a "module." before
// all names is left out), or of a TorchScript module and its submodules ("visual.conv1.weight"). Throws
// UsageError naming file, entry or tensor.
WeightsFile read_torch_archive(const FileBytes& file);

}  // namespace clipsim
