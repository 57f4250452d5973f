#include "clipsim/core/log.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "clipsim/core/error.h"

namespace clipsim {
namespace {

class Log : public ::testing::Test {
  protected:
    void TearDown() override { set_log_level(LogLevel::info); }

    // What goes to stderr of one message of each level.
    static std::string written_at(LogLevel level) {
        set_log_level(level);
        ::testing::internal::CaptureStderr();
        log_debug("a detail");
        log_info("some news");
        log_warning("an oddity");
        log_error("a failure");
        return ::testing::internal::GetCapturedStderr();
    }
};

TEST_F(Log, EachLevelShowsItselfAndWhatIsGraver) {
    const std::string error = "clipsim: error: a failure\n", warning = "clipsim: warning: an oddity\n",
                      info = "clipsim: some news\n", debug = "clipsim: debug: a detail\n";
    EXPECT_EQ(written_at(LogLevel::debug), debug + info + warning + error);
    EXPECT_EQ(written_at(LogLevel::info), info + warning + error);
    EXPECT_EQ(written_at(LogLevel::warning), warning + error);
    EXPECT_EQ(written_at(LogLevel::error), error);
    EXPECT_EQ(written_at(LogLevel::off), "");
}

TEST_F(Log, NothingGoesToStdout) {
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    log_error("a failure");
    EXPECT_NE(::testing::internal::GetCapturedStderr(), "");
    EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");
}

TEST_F(Log, AMessageIsOneLineThatSteersNoTerminal) {
    ::testing::internal::CaptureStderr();
    log_error("caf\xC3\xA9 \x1b]0;owned\x07\n\xE9");
    EXPECT_EQ(::testing::internal::GetCapturedStderr(),
              "clipsim: error: caf\xC3\xA9 \\x1B]0;owned\\x07\\n\\xE9\n");
}

TEST_F(Log, MessagesAreNoFormats) {
    ::testing::internal::CaptureStderr();
    log_warning("100% of {} and {0:d} and %s");
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "clipsim: warning: 100% of {} and {0:d} and %s\n");
}

TEST_F(Log, LinesOfManyThreadsStayWhole) {
    ::testing::internal::CaptureStderr();
    {
        std::vector<std::jthread> threads;
        threads.reserve(4);
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([] {
                for (int k = 0; k < 200; ++k) log_info(std::string(80, 'x'));
            });
        }
    }
    std::istringstream lines(::testing::internal::GetCapturedStderr());
    int count = 0;
    for (std::string line; std::getline(lines, line); ++count)
        EXPECT_EQ(line, "clipsim: " + std::string(80, 'x'));
    EXPECT_EQ(count, 800);
}

TEST(LogLevels, AreReadByName) {
    EXPECT_EQ(parse_log_level("debug"), LogLevel::debug);
    EXPECT_EQ(parse_log_level("info"), LogLevel::info);
    EXPECT_EQ(parse_log_level("warning"), LogLevel::warning);
    EXPECT_EQ(parse_log_level("error"), LogLevel::error);
    EXPECT_EQ(parse_log_level("off"), LogLevel::off);
    for (const char* name : {"", "Info", "verbose", "warn"})
        EXPECT_THROW(parse_log_level(name), UsageError) << name;
}

}  // namespace
}  // namespace clipsim
