#include "clipsim/core/parallel.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

namespace clipsim::testing {
namespace {

TEST(ParallelFor, DoesEverythingOnce) {
    for (const std::size_t threads : {1UL, 3UL}) {
        std::vector<int> done(1000);
        parallel_for(done.size(), threads, 7, [&](std::size_t begin, std::size_t end, std::size_t worker) {
            EXPECT_LT(worker, threads);
            for (std::size_t i = begin; i < end; ++i) ++done[i];
        });
        EXPECT_EQ(done, std::vector<int>(1000, 1));
    }
    parallel_for(0, 4, 8, [](std::size_t, std::size_t, std::size_t) { FAIL() << "there is nothing to do"; });
}

TEST(ParallelFor, ThrowsOnWhatAPieceThrew) {
    EXPECT_THROW(parallel_for(100, 2, 1,
                              [](std::size_t begin, std::size_t, std::size_t) {
                                  if (begin == 50) throw std::runtime_error("piece 50");
                              }),
                 std::runtime_error);
}

TEST(ThreadCount, ZeroIsOneACore) {
    EXPECT_EQ(thread_count(3), 3U);
    EXPECT_GE(thread_count(0), 1U);
}

}  // namespace
}  // namespace clipsim::testing
