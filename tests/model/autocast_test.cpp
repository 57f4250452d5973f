#include "clipsim/model/autocast.h"

#include <gtest/gtest.h>

namespace clipsim::testing {
namespace {

TEST(AmpType, OffIsFp32AndAutoTakesWhatIsFast) {
    EXPECT_EQ(amp_type(Amp::off, torch::kCPU), std::nullopt);
    const auto chosen = amp_type(Amp::automatic, torch::kCPU);
    EXPECT_EQ(chosen.has_value(), is_bf16_fast(torch::kCPU));
}

TEST(AmpType, WhatTheDeviceWouldEmulateIsRefusedWithAWarning) {
    ::testing::internal::CaptureStderr();
    EXPECT_EQ(amp_type(Amp::fp16, torch::kCPU), std::nullopt);
    const std::string said = ::testing::internal::GetCapturedStderr();
    EXPECT_NE(said.find("train.amp"), std::string::npos) << said;
    EXPECT_NE(said.find("fp32"), std::string::npos) << said;
}

TEST(Autocast, EitherFormatHoldsWithinItsScopeAlone) {
    const torch::Tensor a = torch::ones({4, 4});
    for (const at::ScalarType type : {torch::kBFloat16, torch::kHalf}) {
        {
            const AutocastScope scope(torch::kCPU, type);
            EXPECT_EQ(a.mm(a).scalar_type(), type);
        }
        EXPECT_EQ(a.mm(a).scalar_type(), torch::kFloat);
    }
    const AutocastScope none(torch::kCPU, std::nullopt);
    EXPECT_EQ(a.mm(a).scalar_type(), torch::kFloat);
}

}  // namespace
}  // namespace clipsim::testing
