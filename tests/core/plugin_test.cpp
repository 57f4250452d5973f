#include "clipsim/core/plugin.h"

#include <gtest/gtest.h>

#include "clipsim/core/error.h"
#include "message_of.h"

namespace clipsim {
namespace {

TEST(Plugin, OneThatIsMissingIsAnErrorThatNamesIt) {
    EXPECT_NE(testing::message_of<Error>([] {
                  plugin_symbol("clipsim_no_such", "f");
              }).find("libclipsim_no_such.so"),
              std::string::npos);
}

}  // namespace
}  // namespace clipsim
