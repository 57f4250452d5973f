#include "clipsim/core/files/own_output.h"

#include <gtest/gtest.h>

#include "clipsim/core/error.h"
#include "message_of.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

class OwnOutput : public ::testing::Test {
  protected:
    std::string refusal(const std::string& name, bool force = false) const {
        return message_of<UsageError>([&] { check_output(folder_ / name, force); });
    }
    TemporaryFolder folder_;
};

TEST_F(OwnOutput, AFileOfSomebodyElseIsOnlyReplacedByForce) {
    write_text(folder_ / "photo.jpg", "\xFF\xD8\xFF\xE1 an unmarked picture");
    write_text(folder_ / "config.json", "{\n \"model\": {\"clip\": \"x\"}, // mine\n}");
    for (const char* name : {"photo.jpg", "config.json"}) {
        EXPECT_NE(refusal(name).find("--force"), std::string::npos) << name;
        EXPECT_EQ(refusal(name, true), "") << name;
    }
}

TEST_F(OwnOutput, WhatIsNotThereOrEmptyOrOursIsFree) {
    EXPECT_EQ(refusal("new.png"), "");
    write_text(folder_ / "empty.png", "");
    EXPECT_EQ(refusal("empty.png"), "");
    write_text(folder_ / "page.html",
               "<!doctype html>\n<head><meta name=\"generator\" content=\"clipsim\"></head>");
    EXPECT_EQ(refusal("page.html"), "");
    write_text(folder_ / "v.json", "{\n \"model\": \"clip-lite\",\n \"model_hash\": \"1\"\n}");
    EXPECT_EQ(refusal("v.json"), "");
}

TEST_F(OwnOutput, AFolderOrATooLongNameIsNoPlaceForAFile) {
    std::filesystem::create_directory(folder_ / "sheets.png");
    EXPECT_NE(refusal("sheets.png", true).find("is a folder"), std::string::npos);
    EXPECT_NE(refusal(std::string(300, 'x') + ".png", true).find("too long"), std::string::npos);
}

}  // namespace
}  // namespace clipsim::testing
