// `search --batch` as a filter in a pipe.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "cli/program.h"
#include "clipsim/core/error.h"
#include "drawn_photos.h"
#include "query_lines.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

using namespace std::chrono_literals;

class BatchStream : public ::testing::Test {
  protected:
    void SetUp() override {
        draw_photos(world_ / "photos", 3);
        ASSERT_EQ(run_clipsim(world_.path(), {"index", "photos", "--set", "output_dir=out"}).exit_code, 0);
        std::filesystem::remove(world_ / ".stdin");  // what that run was given
        ASSERT_EQ(::mkfifo((world_ / ".stdin").c_str(), 0600), 0);
    }

    // Waits for as many lines as that; false where they do not come.
    bool answered(Program& program, std::ptrdiff_t lines) const {
        for (int tries = 0; tries < 6000 && program.running(); ++tries, std::this_thread::sleep_for(10ms)) {
            if (std::ranges::count(read_text(world_ / ".stdout"), '\n') >= lines) return true;
        }
        return std::ranges::count(read_text(world_ / ".stdout"), '\n') >= lines;
    }

    TemporaryFolder world_;
    const std::vector<std::string> search_{"search", "--batch", "-",        "--set", "output_dir=out",
                                           "-k",     "1",       "--format", "tsv"};
};

TEST_F(BatchStream, ALineIsAnsweredBeforeTheNextIsWritten) {
    Program program(world_.path(), search_);
    std::FILE* queries = std::fopen((world_ / ".stdin").c_str(), "w");
    ASSERT_NE(queries, nullptr);
    for (int line = 0; line < 3; ++line) {
        std::fputs("photos/red/0.png\n", queries);
        std::fflush(queries);
        EXPECT_TRUE(answered(program, line + 2)) << "a header, and one line per query";
    }
    std::fputs("photos/blue/0.png", queries);
    std::fclose(queries);
    const Outcome outcome = program.wait();
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(std::ranges::count(outcome.out, '\n'), 5) << "the last line needs no newline";
    EXPECT_EQ(outcome.out.find("score\t", 1), std::string::npos) << "one header";
}

TEST_F(BatchStream, CtrlCEndsItWithWhatWasAnswered) {
    Program program(world_.path(), search_);
    std::FILE* queries = std::fopen((world_ / ".stdin").c_str(), "w");
    ASSERT_NE(queries, nullptr);
    std::fputs("photos/red/0.png\n", queries);
    std::fflush(queries);
    EXPECT_TRUE(answered(program, 2));
    program.signal(SIGINT);
    const Outcome outcome = program.wait();
    std::fclose(queries);
    EXPECT_EQ(outcome.exit_code, 130) << outcome.err;
    EXPECT_EQ(std::ranges::count(outcome.out, '\n'), 2);
    EXPECT_NE(outcome.err.find("what was answered is printed"), std::string::npos) << outcome.err;
}

TEST(QueryLines, WhatIsThereComesInChunksInOrder) {
    const TemporaryFolder world;
    std::string text;
    for (int line = 0; line < 600; ++line) text += std::to_string(line) + (line == 599 ? "" : "\n");
    write_text(world / "queries.txt", text);
    cli::QueryLines lines(world / "queries.txt");
    std::vector<std::string> all;
    std::vector<std::size_t> sizes;
    for (auto chunk = lines.next({}); !chunk.empty(); chunk = lines.next({})) {
        sizes.push_back(chunk.size());
        all.insert(all.end(), chunk.begin(), chunk.end());
    }
    EXPECT_EQ(all.size(), 600U);
    EXPECT_EQ(all.back(), "599");
    EXPECT_EQ(sizes.front(), 256U);
    EXPECT_LE(std::ranges::max(sizes), 256U);
    EXPECT_THROW(cli::QueryLines(world / "none.txt"), UsageError);
}

}  // namespace
}  // namespace clipsim::testing
