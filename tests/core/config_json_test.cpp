#include "clipsim/core/config_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "clipsim/core/error.h"
#include "message_of.h"

namespace clipsim {
namespace {

using testing::message_of;

enum class Colour { red, green };
constexpr auto names_of(Colour) {
    return std::array{"red", "green"};
}

struct Section {
    bool on = false;
    std::string name = "none";
    int count = 3;
    std::optional<double> share;
    Colour colour = Colour::red;
    std::vector<std::string> parts;
};

ConfigTable table_of(Section& section) {
    ConfigTable table;
    table.add("lamp.on", "Lit", section.on);
    table.add("lamp.name", "Name", section.name);
    table.add("lamp.count", "Count", section.count, 1, 9);
    table.add("lamp.share", "Share", section.share, 0, 1);
    table.add("lamp.colour", "Colour", section.colour);
    table.add("lamp.parts", "Parts", section.parts);
    return table;
}

TEST(ConfigJson, ReadsIntoTheValuesOfTheTableAndWritesThem) {
    Section section;
    const std::vector<std::string> overrides{"lamp.colour=green"};
    read_config(table_of(section), R"({"lamp": {"on": true, "name": "x", "count": 9, "share": 0.5}})",
                "a.json", overrides);
    EXPECT_EQ(config_to_json(table_of(section)).dump(),
              R"({"lamp":{"on":true,"name":"x","count":9,"share":0.5,"colour":"green","parts":[]}})");
    read_config_section(table_of(section), "lamp", nlohmann::ordered_json{{"share", nullptr}}, "a.json");
    EXPECT_EQ(section.share, std::nullopt);
}

TEST(ConfigJson, WhatDoesNotFitNamesPathAndExpectation) {
    Section section;
    const ConfigTable table = table_of(section);
    EXPECT_EQ(message_of<UsageError>([&] { read_config(table, R"({"lamp": {"count": 10}})", "a.json", {}); }),
              "lamp.count in a.json: expected a whole number from 1 to 9, got 10");
    EXPECT_EQ(
        message_of<UsageError>([&] { read_config(table, R"({"lamp": {"color": "red"}})", "a.json", {}); }),
        "unknown key \"lamp.color\" in a.json; did you mean \"lamp.colour\"?");
    EXPECT_EQ(section.count, 3);
}

TEST(ConfigJson, AListIsReadFromJsonAndATextAloneIsAListOfIt) {
    Section section;
    const ConfigTable table = table_of(section);
    read_config(table, R"({"lamp": {"parts": ["a", "b"]}})", "a.json", {});
    EXPECT_EQ(section.parts, (std::vector<std::string>{"a", "b"}));
    for (const std::string text : {"*.gif", "12", "\"*.gif\""}) {
        read_config(table, "{}", "a.json", std::vector{"lamp.parts=" + text});
        EXPECT_EQ(section.parts, (std::vector<std::string>{text == "12" ? "12" : "*.gif"})) << text;
    }
    read_config(table, "{}", "a.json", std::vector<std::string>{R"(lamp.parts=["x"])"});
    EXPECT_EQ(section.parts, (std::vector<std::string>{"x"}));
    EXPECT_EQ(
        message_of<UsageError>([&] { read_config(table, R"({"lamp": {"parts": [1]}})", "a.json", {}); }),
        "lamp.parts in a.json: expected a list of texts, got [1]");
}

TEST(ConfigJson, ASectionsOldNameIsStillReadWithANote) {
    Section section;
    ConfigTable table = table_of(section);
    table.rename("light", "lamp");
    ::testing::internal::CaptureStderr();
    const std::vector<std::string> overrides{"light.name=x"};
    read_config(table, R"({"light": {"count": 5}})", "a.json", overrides);
    const std::string notes = ::testing::internal::GetCapturedStderr();
    EXPECT_EQ(section.count, 5);
    EXPECT_EQ(section.name, "x");
    EXPECT_NE(notes.find("light in a.json is called lamp now"), std::string::npos) << notes;
    EXPECT_NE(notes.find("light in --set is called lamp now"), std::string::npos) << notes;
    EXPECT_NE(message_of<UsageError>([&] { read_config(table, R"({"light": {"sum": 5}})", "a.json", {}); }),
              "");
}

TEST(ConfigJson, TheSchemaHasRangesChoicesAndTheValuesAsDefaults) {
    Section section;
    section.count = 4;
    const nlohmann::ordered_json keys = config_schema(table_of(section))["properties"]["lamp"]["properties"];
    EXPECT_EQ(keys["count"].dump(),
              R"({"description":"Count","type":"integer","minimum":1,"maximum":9,"default":4})");
    EXPECT_EQ(keys["colour"]["enum"].dump(), R"(["red","green"])");
}

}  // namespace
}  // namespace clipsim
