#include "training_memory.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <new>

#include "clipsim/core/error.h"

namespace clipsim::testing {
namespace {

TEST(TrainingMemory, RunningOutNamesTheKeysToLower) {
    const std::function<void()> ways[] = {
        [] { throw std::bad_alloc(); },
        [] { TORCH_CHECK_WITH(OutOfMemoryError, false, "CUDA out of memory"); },
        [] { torch::empty({std::int64_t{1} << 50}); },
    };
    for (const std::function<void()>& run_out : ways) {
        try {
            run_training_work(run_out);
            ADD_FAILURE();
        } catch (const OutOfMemoryError& error) {
            const std::string text = error.what();
            for (const char* key : {"train.classes_per_batch", "train.images_per_class",
                                    "train.stage2.unfreeze_blocks", "train.grad_checkpointing"}) {
                EXPECT_NE(text.find(key), std::string::npos) << text;
            }
        }
    }
}

TEST(TrainingMemory, OtherErrorsStayErrors) {
    EXPECT_THROW(run_training_work([] { torch::ones({2}) + torch::ones({3}); }), Error);
    EXPECT_THROW(run_training_work([] { throw UsageError("as it was"); }), UsageError);
    EXPECT_NO_THROW(run_training_work([] {}));
}

}  // namespace
}  // namespace clipsim::testing
