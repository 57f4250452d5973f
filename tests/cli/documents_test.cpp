// What messages, comments and documents point to is there.
#include <gtest/gtest.h>

#include <filesystem>
#include <regex>

#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

namespace fs = std::filesystem;

TEST(Documents, ThatTheSourceNamesExist) {
    const fs::path root = CLIPSIM_SOURCE_DIR;
    const std::regex name(R"((docs/[\w.-]+\.md)|(configs/[\w.-]+\.json))");
    int found = 0;
    for (const char* folder : {"src", "include", "cmake"}) {
        for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / folder)) {
            if (!entry.is_regular_file()) continue;
            const std::string text = read_text(entry.path());
            for (std::sregex_iterator match(text.begin(), text.end(), name), end; match != end; ++match) {
                ++found;
                EXPECT_TRUE(fs::exists(root / match->str())) << entry.path() << " names " << match->str();
            }
        }
    }
    EXPECT_GT(found, 5);
}

}  // namespace
}  // namespace clipsim::testing
