#include "fingerprint.h"

#include <gtest/gtest.h>

#include "clipsim/core/error.h"

namespace clipsim {
namespace {

TEST(Fingerprint, ARunOfBeforeRegularizationHadItsNameGoesOnAndIsCompared) {
    const std::string old_run = R"({"train.keep.method": "l2"})";
    EXPECT_NO_THROW(require_same_run(old_run, R"({"train.regularization.method": "l2"})"));
    EXPECT_THROW(require_same_run(old_run, R"({"train.regularization.method": "none"})"), UsageError);
    EXPECT_THROW(require_same_run("{}", R"({"train.regularization.method": "l2"})"), UsageError);
}

}  // namespace
}  // namespace clipsim
