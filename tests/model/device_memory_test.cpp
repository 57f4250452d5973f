#include "clipsim/model/device_memory.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <new>
#include <utility>
#include <vector>

#include "clipsim/core/error.h"

namespace clipsim::testing {
namespace {

// A device that takes at most `most` items at once, and what it was given.
struct SmallDevice {
    std::int64_t most;
    std::vector<std::pair<std::int64_t, std::int64_t>> batches;

    void operator()(std::int64_t start, std::int64_t size) {
        TORCH_CHECK_WITH(OutOfMemoryError, size <= most, "CUDA out of memory");
        batches.emplace_back(start, size);
    }
};

TEST(DeviceMemory, BatchesAreHalvedAndTheWorkGoesOnFromItsPlace) {
    SmallDevice device{5, {}};
    std::int64_t batch_size = 16;
    for_each_batch_that_fits(20, batch_size, std::ref(device));
    EXPECT_EQ(batch_size, 4);
    std::int64_t next = 0;
    for (const auto& [start, size] : device.batches) {
        EXPECT_EQ(start, next);
        next += size;
    }
    EXPECT_EQ(next, 20) << "each item once";
    device.batches.clear();
    for_each_batch_that_fits(8, batch_size, std::ref(device));
    EXPECT_EQ(device.batches.size(), 2U) << "it stays halved";
}

TEST(DeviceMemory, WhenNotOneItemFitsTheErrorSaysWhatToDo) {
    SmallDevice device{0, {}};
    std::int64_t batch_size = 8;
    try {
        for_each_batch_that_fits(8, batch_size, std::ref(device));
        FAIL();
    } catch (const OutOfMemoryError& error) {
        EXPECT_NE(std::string(error.what()).find("--device cpu"), std::string::npos) << error.what();
    }
}

TEST(DeviceMemory, KnowsTheWaysOfRunningOut) {
    EXPECT_TRUE(fits_in_memory([] {}));
    EXPECT_FALSE(fits_in_memory([] { throw std::bad_alloc(); }));
    EXPECT_FALSE(fits_in_memory([] { TORCH_CHECK_WITH(OutOfMemoryError, false, "CUDA out of memory"); }));
    EXPECT_FALSE(fits_in_memory([] { torch::empty({std::int64_t{1} << 50}); })) << "the CPU's own allocator";
}

TEST(DeviceMemory, OtherErrorsBecomeOneLine) {
    try {
        fits_in_memory([] { torch::ones({2}) + torch::ones({3}); });
        FAIL();
    } catch (const Error& error) {
        const std::string text = error.what();
        EXPECT_NE(text.find("LibTorch"), std::string::npos) << text;
        EXPECT_NE(text.find("--log-level debug"), std::string::npos) << "where its own words are: " << text;
        EXPECT_EQ(text.find("size of tensor"), std::string::npos) << text;
        EXPECT_EQ(text.find('\n'), std::string::npos) << "no stack trace";
    }
}

}  // namespace
}  // namespace clipsim::testing
