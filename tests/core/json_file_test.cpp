#include "clipsim/core/json_file.h"

#include <gtest/gtest.h>

#include "clipsim/core/error.h"

namespace clipsim::testing {
namespace {

TEST(JsonFile, TakesAnObjectWithComments) {
    EXPECT_EQ(parse_json("{\"a\": 3 /* why */}", "x.json").values["a"], 3);
}

TEST(JsonFile, WhatIsNoObjectOrNestedWithoutEndIsRefusedWithTheFilesName) {
    for (const std::string& text : {std::string(), std::string("[1]"), std::string("{\"a\": "),
                                    std::string("nul"), "{\"a\": " + std::string(500'000, '[')}) {
        try {
            parse_json(text, "x.json");
            ADD_FAILURE() << text.substr(0, 20);
        } catch (const UsageError& error) {
            EXPECT_NE(std::string(error.what()).find("x.json"), std::string::npos) << error.what();
        }
    }
}

}  // namespace
}  // namespace clipsim::testing
