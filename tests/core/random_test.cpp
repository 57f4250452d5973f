#include "clipsim/core/random.h"

#include <gtest/gtest.h>

namespace clipsim {
namespace {

TEST(Random, IsSplitmix64) {
    Random random(
        1234567);  // the first numbers of the reference implementation, https://prng.di.unimi.it/splitmix64.c
    EXPECT_EQ(random.next(), 6457827717110365317ULL);
    EXPECT_EQ(random.next(), 3203168211198807973ULL);
}

TEST(Random, StaysWithinItsBounds) {
    Random random(1);
    for (int i = 0; i < 1000; ++i) {
        EXPECT_LT(random.below(7), 7U);
        const double number = random.between(0.5, 1);
        EXPECT_GE(number, 0.5);
        EXPECT_LT(number, 1);
    }
}

}  // namespace
}  // namespace clipsim
