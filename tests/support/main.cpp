// What every test program starts with, so that the whole suite can be run as other machines would run it:
//   CLIPSIM_MAX_ISA      with narrower instructions (include/clipsim/core/instructions.h)
//   CLIPSIM_TEST_LOCALE  "grouping": in a program whose locale writes 1.234.567,5
#include <gtest/gtest.h>

#include <cstdlib>
#include <locale>
#include <string_view>

#include "clipsim/core/instructions.h"
#include "support/grouping_locale.h"

int main(int argc, char** argv) {
    clipsim::limit_kernels();
    const char* locale = std::getenv("CLIPSIM_TEST_LOCALE");
    if (locale != nullptr && std::string_view(locale) == "grouping")
        std::locale::global(clipsim::testing::grouping_locale());
    ::testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
