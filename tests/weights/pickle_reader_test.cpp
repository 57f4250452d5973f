#include "pickle_reader.h"

#include <gtest/gtest.h>

#include "archives.h"
#include "clipsim/core/error.h"

namespace clipsim::testing {
namespace {

using Kind = PickleValue::Kind;

Pickle read(const std::string& bytes) {
    return read_pickle(std::as_bytes(std::span(bytes)), "data.pkl");
}
std::string refusal(const std::string& bytes) {
    return message_of<UsageError>([&] { read(bytes); });
}

TEST(PickleReader, BuildsATreeOfPlainValues) {
    const Pickle values =
        read(pickle(dict(text("numbers") + tuple(integer(-3) + "K\x07M\x01\x02J\xFF\xFF\xFF\xFF") +
                         text("list") + "](Ne" + text("flag") + "\x88")));
    const PickleValue& root = values.root();
    ASSERT_EQ(root.kind, Kind::dict);
    ASSERT_EQ(root.items.size(), 6U);
    EXPECT_EQ(values[root.items[0]].text, "numbers");
    const PickleValue& numbers = values[root.items[1]];
    ASSERT_EQ(numbers.items.size(), 4U);
    EXPECT_EQ(values[numbers.items[0]].integer, -3);
    EXPECT_EQ(values[numbers.items[1]].integer, 7);
    EXPECT_EQ(values[numbers.items[2]].integer, 513);
    EXPECT_EQ(values[numbers.items[3]].integer, -1);
    EXPECT_EQ(values[values[root.items[3]].items[0]].kind, Kind::none);
    EXPECT_EQ(values[root.items[5]].integer, 1);
}

TEST(PickleReader, WhatPythonWouldCallStaysAName) {
    const Pickle values = read(pickle(global("torch._utils", "_rebuild_tensor_v2") + ")R"));
    ASSERT_EQ(values.root().kind, Kind::call);
    EXPECT_EQ(values[values.root().items[0]].text, "torch._utils _rebuild_tensor_v2");
}

TEST(PickleReader, CodeIsRefusedByName) {
    for (const auto& [module, name] : std::vector<std::pair<std::string, std::string>>{{"os", "system"},
                                                                                       {"posix", "system"},
                                                                                       {"builtins", "eval"},
                                                                                       {"torch", "load"},
                                                                                       {"numpy", "dtype"}}) {
        const std::string call = pickle(global(module, name) + tuple(text("touch /tmp/x")) + "R");
        EXPECT_NE(refusal(call).find(module + '.' + name), std::string::npos) << refusal(call);
        const std::string stacked = pickle(text(module) + text(name) + "\x93" + tuple("") + "R");
        EXPECT_NE(refusal(stacked).find(module + '.' + name), std::string::npos) << refusal(stacked);
    }
}

TEST(PickleReader, ATruncatedOneIsRefusedAtEveryLength) {
    const std::string whole = pickle(dict(text("a") + tensor({}) + text("b") + integer(1)));
    for (std::size_t length = 0; length < whole.size(); ++length)
        EXPECT_NE(refusal(whole.substr(0, length)), "") << length;
}

TEST(PickleReader, SizesThatTheFileDoesNotHaveAreRefused) {
    EXPECT_NE(refusal("\x80\x02X\xFF\xFF\xFF\xFF"
                      "abc."),
              "");
    EXPECT_NE(refusal(std::string("\x80\x02\x8d\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"
                                  "abc.",
                                  15)),
              "");
    EXPECT_NE(refusal("\x80\x02\x8a\xFF" + std::string(300, 'x') + ".").find("255 bytes"), std::string::npos);
    EXPECT_NE(refusal("\x80\x02\x8b\xFF\xFF\xFF\x7F"
                      "abc."),
              "");
}

TEST(PickleReader, DeepNestingIsNoDanger) {
    std::string opcodes;
    for (int i = 0; i < 200'000; ++i) opcodes += "]";
    opcodes += std::string(199'999, 'a');
    EXPECT_EQ(read(pickle(opcodes)).size(), 200'000U);
}

TEST(PickleReader, AListMayHoldItself) {
    EXPECT_EQ(read(pickle("]q\x01h\x01"
                          "a"))
                  .root()
                  .items.size(),
              1U);
}

TEST(PickleReader, TooManyValuesAreRefused) {
    EXPECT_NE(refusal(pickle(std::string(1'100'000, 'N'))).find("1000000 values"), std::string::npos);
    EXPECT_NE(refusal(std::string((16 << 20) + 1, 'N')).find("far smaller"), std::string::npos);
}

TEST(PickleReader, NonsenseIsRefused) {
    for (const std::string opcodes : {"", "0", "t", "R", "b", "Q", "h\x05", "a", "]a", "Nu", "}(Nu",
                                      "K\x01K\x02R", "NN\x81", "i", "\xFF", "NN\x93"}) {
        EXPECT_NE(refusal(pickle(opcodes)), "") << opcodes;
    }
}

}  // namespace
}  // namespace clipsim::testing
