#include "clipsim/core/unexpected_error.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <new>
#include <nlohmann/json.hpp>
#include <system_error>
#include <thread>

#include "clipsim/core/error.h"

namespace clipsim {
namespace {

// As LibTorch's: several lines, with file names and a backtrace.
struct LibraryError : std::exception {
    const char* what() const noexcept override {
        return "[enforce fail at pair.cc:446] op.preamble.length <= op.nbytes. 128 vs 64\nException raised "
               "from X";
    }
};

TEST(UnexpectedError, ALibrarysOwnTextIsNotShown) {
    const std::string line = in_plain_words(LibraryError());
    EXPECT_EQ(line.find("enforce"), std::string::npos) << line;
    EXPECT_EQ(line.find('\n'), std::string::npos) << line;
    EXPECT_NE(line.find("--log-level debug"), std::string::npos) << line;
    try {
        nlohmann::json("\xff").dump();
        FAIL();
    } catch (const std::exception& error) {
        EXPECT_EQ(in_plain_words(error).find("json.exception"), std::string::npos) << in_plain_words(error);
    }
}

TEST(UnexpectedError, OursIsItsFirstLineAndTheSystemsSaysWhatToDo) {
    EXPECT_EQ(in_plain_words(UsageError("no such class\nmore")), "no such class");
    EXPECT_NE(in_plain_words(std::bad_alloc()).find("memory"), std::string::npos);
    const std::filesystem::filesystem_error file("filesystem error: cannot open", "photos/ant",
                                                 std::make_error_code(std::errc::permission_denied));
    EXPECT_NE(in_plain_words(file).find("photos/ant: Permission denied"), std::string::npos)
        << in_plain_words(file);
    const std::system_error threads(std::make_error_code(std::errc::resource_unavailable_try_again));
    EXPECT_NE(in_plain_words(threads).find("--threads"), std::string::npos);
}

TEST(UnexpectedErrorDeathTest, WhatLeavesAThreadEndsTheProcessWithALine) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(
        {
            report_uncaught_exceptions();
            std::thread([] { throw LibraryError(); }).join();
        },
        ::testing::ExitedWithCode(1), "a library that clipsim uses failed");
    EXPECT_EXIT(
        {
            report_uncaught_exceptions();
            std::thread([] { throw 3; }).join();
        },
        ::testing::ExitedWithCode(1), "an error that nothing handled");
}

}  // namespace
}  // namespace clipsim
