#include "clipsim/core/shared_library.h"

#include <gtest/gtest.h>

#include "clipsim/core/error.h"
#include "message_of.h"

namespace clipsim {
namespace {

using testing::message_of;

TEST(SharedLibrary, FunctionsAreCalledByTheirTypes) {
    const SharedLibrary math("libm.so.6");
    double (*const square_root)(double) = math.find("sqrt");
    EXPECT_EQ(square_root(49), 7);
}

TEST(SharedLibrary, WhatIsMissingIsNamed) {
    const std::string missing = message_of<Error>([] { SharedLibrary("libclipsim_no_such.so"); });
    EXPECT_NE(missing.find("libclipsim_no_such.so"), std::string::npos) << missing;
    const std::string lacking = message_of<Error>([] { SharedLibrary("libm.so.6").find("no_such_root"); });
    EXPECT_NE(lacking.find("no_such_root"), std::string::npos) << lacking;
}

}  // namespace
}  // namespace clipsim
