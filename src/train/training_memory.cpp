#include "training_memory.h"

#include "clipsim/core/error.h"
#include "clipsim/model/device_memory.h"

namespace clipsim {

void run_training_work(const std::function<void()>& work) {
    if (fits_in_memory(work)) return;
    throw OutOfMemoryError(
        "training ran out of memory: lower train.classes_per_batch, train.images_per_class or "
        "train.stage2.unfreeze_blocks, or set train.grad_checkpointing to true");
}

}  // namespace clipsim
