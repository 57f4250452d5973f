#include "clipsim/core/progress.h"

#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "clipsim/core/log.h"

namespace clipsim {
namespace {

// A terminal in the place of stderr.
class TerminalAsStderr {
  public:
    TerminalAsStderr() {
        int terminal = -1;
        if (::openpty(&reader_, &terminal, nullptr, nullptr, nullptr) != 0)
            throw std::runtime_error("openpty failed");
        saved_ = ::dup(STDERR_FILENO);
        ::dup2(terminal, STDERR_FILENO);
        ::close(terminal);
    }
    ~TerminalAsStderr() {
        restore();
        ::close(reader_);
    }
    TerminalAsStderr(const TerminalAsStderr&) = delete;
    TerminalAsStderr& operator=(const TerminalAsStderr&) = delete;

    // All that was written. Ends the redirection.
    std::string text() {
        restore();
        std::string result;
        std::array<char, 4096> buffer{};
        // With the last writer gone, reading ends with an error.
        for (ssize_t got = 0; (got = ::read(reader_, buffer.data(), buffer.size())) > 0;) {
            result.append(buffer.data(), static_cast<std::size_t>(got));
        }
        return result;
    }

  private:
    void restore() {
        if (saved_ < 0) return;
        std::fflush(stderr);
        ::dup2(saved_, STDERR_FILENO);
        ::close(saved_);
        saved_ = -1;
    }
    int reader_ = -1;
    int saved_ = -1;
};

template <typename Action>
std::string stderr_of(const Action& action) {
    ::testing::internal::CaptureStderr();
    action();
    return ::testing::internal::GetCapturedStderr();
}

std::size_t lines_of(const std::string& text) {
    return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

TEST(Progress, EndsWithALineWhereThereIsNoTerminal) {
    const std::string text = stderr_of([] {
        Progress progress("embedding", "images", 3);
        progress.advance();
        progress.advance(2, "loss 0.12");
        progress.finish();
        progress.finish();
    });
    EXPECT_TRUE(text.starts_with("clipsim: embedding 100% 3/3 images")) << text;
    EXPECT_NE(text.find("loss 0.12"), std::string::npos) << text;
    EXPECT_EQ(text.find('\r'), std::string::npos);
    EXPECT_EQ(lines_of(text), 1U);
}

TEST(Progress, DrawsABarOnATerminal) {
    TerminalAsStderr terminal;
    {
        Progress progress("embedding", "images", 4);
        progress.advance(4);
        progress.finish();
    }
    const std::string text = terminal.text();
    EXPECT_NE(text.find('\r'), std::string::npos);
    EXPECT_NE(text.find("embedding 100% [########################] 4/4 images"), std::string::npos) << text;
    EXPECT_EQ(lines_of(text), 1U);
}

TEST(Progress, AnUnfinishedBarEndsItsLine) {
    TerminalAsStderr terminal;
    {
        Progress progress("embedding", "images", 4);
        std::this_thread::sleep_for(std::chrono::milliseconds(110));  // a bar is drawn ten times a second
        progress.advance(2);
    }
    EXPECT_EQ(lines_of(terminal.text()), 1U);
}

TEST(Progress, WorkThatIsDoneInABlinkCanBePassedOverInSilence) {
    EXPECT_EQ(stderr_of([] {
                  Progress progress("comparing", "files", 4, ProgressStyle::log_lines);
                  progress.advance(4);
                  progress.finish_if_shown();
              }),
              "");
}

TEST(Progress, LogLinesCanBeAskedForOnATerminal) {
    TerminalAsStderr terminal;
    {
        Progress progress("embedding", "images", 4, ProgressStyle::log_lines);
        progress.finish();
    }
    const std::string text = terminal.text();
    EXPECT_NE(text.find("clipsim: embedding 100% 4/4 images"), std::string::npos) << text;
    EXPECT_EQ(text.find('#'), std::string::npos);
}

TEST(Progress, NoneWritesNothing) {
    const auto work = [] {
        Progress progress("embedding", "images", 4, ProgressStyle::none);
        progress.advance(4);
        progress.finish();
    };
    EXPECT_EQ(stderr_of(work), "");
    TerminalAsStderr terminal;
    work();
    EXPECT_EQ(terminal.text(), "");
}

TEST(Progress, LinesFollowTheLogLevel) {
    set_log_level(LogLevel::warning);
    EXPECT_EQ(stderr_of([] { Progress("embedding", "images", 4).finish(); }), "");
    set_log_level(LogLevel::info);
}

TEST(Progress, CountsWhatManyThreadsDo) {
    const std::string text = stderr_of([] {
        Progress progress("embedding", "images", 4000);
        {
            std::vector<std::jthread> threads;
            threads.reserve(4);
            for (int i = 0; i < 4; ++i) {
                threads.emplace_back([&] {
                    for (int k = 0; k < 1000; ++k) progress.advance();
                });
            }
        }
        progress.finish();
    });
    EXPECT_NE(text.find("100% 4000/4000"), std::string::npos) << text;
}

TEST(Progress, UnknownTotalsAndMoreThanTheTotalAreDrawn) {
    EXPECT_NE(stderr_of([] {
                  Progress progress("scanning", "files", 0);
                  progress.advance(3);
                  progress.finish();
              }).find("scanning 3 files\n"),
              std::string::npos);
    const std::string text = stderr_of([] {
        Progress progress("many", "images", 2);
        progress.advance(5);
        progress.finish();
    });
    EXPECT_NE(text.find("100% 5/2"), std::string::npos) << text;
}

TEST(Progress, EndsAtAHundredPercentWithWhatWasSkipped) {
    ::testing::internal::CaptureStderr();
    Progress progress("reading", "images", 4, ProgressStyle::log_lines);
    progress.advance(2);
    progress.finish();
    const std::string text = ::testing::internal::GetCapturedStderr();
    EXPECT_NE(text.find("reading 100% 4/4 images"), std::string::npos) << text;
}

}  // namespace
}  // namespace clipsim
