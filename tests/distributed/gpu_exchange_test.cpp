#include "gpu_exchange.h"

#include <gtest/gtest.h>

namespace clipsim::testing {
namespace {

TEST(GpuExchange, EachRankWithAGpuOfItsOwnUsesNccl) {
    EXPECT_EQ(why_not_nccl({"a 0:1:0", "a 0:2:0", "b 0:1:0"}), "");
}

TEST(GpuExchange, RanksThatShareAGpuDoNot) {
    EXPECT_EQ(why_not_nccl({"a 0:1:0", "a 0:2:0", "a 0:1:0"}), "some processes share a GPU");
}

TEST(GpuExchange, OneRankOnTheCpuOrWithoutNcclDecidesForAll) {
    EXPECT_EQ(why_not_nccl({"a 0:1:0", no_gpu}), "not every process works on a GPU");
    EXPECT_EQ(why_not_nccl({"a 0:1:0", ""}),
              "a process was built without NCCL, or for another release of it");
    EXPECT_EQ(why_not_nccl({"", ""}), "a process was built without NCCL, or for another release of it");
}

}  // namespace
}  // namespace clipsim::testing
