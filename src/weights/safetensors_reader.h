// safetensors (https://github.com/huggingface/safetensors#format): a header in JSON, then the tensors' bytes.
#pragma once

#include "clipsim/weights/weights_file.h"
#include "file_bytes.h"

namespace clipsim {

// Everything about the header is checked: sizes, offsets, overlaps, dtypes. Throws UsageError naming the file
// and the tensor.
WeightsFile read_safetensors(const FileBytes& file);

}  // namespace clipsim
