// `search --interactive` on a terminal.
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "cli/program.h"
#include "drawn_photos.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

// clipsim with a terminal of its own, in the C locale, its results in a file.
class TerminalProgram {
  public:
    TerminalProgram(const std::filesystem::path& folder, std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), "clipsim");
        std::vector<char*> argv;
        for (std::string& argument : arguments) argv.push_back(argument.data());
        argv.push_back(nullptr);
        pid_ = ::forkpty(&terminal_, nullptr, nullptr, nullptr);
        if (pid_ != 0) return;
        ::setenv("LC_ALL", "C", 1);
        ::setenv("TERM", "xterm", 1);
        ::setenv("XDG_STATE_HOME", folder.c_str(), 1);
        if (::chdir(folder.c_str()) != 0 || std::freopen("results", "w", stdout) == nullptr) ::_exit(126);
        ::execv(CLIPSIM_PROGRAM, argv.data());
        ::_exit(127);
    }
    ~TerminalProgram() {
        ::close(terminal_);
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    TerminalProgram(const TerminalProgram&) = delete;
    TerminalProgram& operator=(const TerminalProgram&) = delete;

    // Reads what it shows until `text` comes; false where it ends without.
    bool shows(const std::string& text) {
        while (shown_.find(text) == std::string::npos) {
            pollfd wanted{terminal_, POLLIN, 0};
            char bytes[4096];
            if (::poll(&wanted, 1, 60'000) <= 0) return false;
            const ssize_t count = ::read(terminal_, bytes, sizeof bytes);
            if (count <= 0) return false;
            shown_.append(bytes, static_cast<std::size_t>(count));
        }
        shown_.erase(0, shown_.find(text) + text.size());
        return true;
    }
    void type(const std::string& keys) {
        ASSERT_EQ(::write(terminal_, keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
    }

  private:
    int terminal_ = -1;
    pid_t pid_ = -1;
    std::string shown_;
};

TEST(SearchPrompt, TakesAnyUtf8InTheCLocale) {
    const TemporaryFolder world;
    draw_photos(world / "photos", 2);
    ASSERT_EQ(run_clipsim(world.path(), {"index", "photos", "--set", "output_dir=out"}).exit_code, 0);
    TerminalProgram program(
        world.path(), {"search", "--interactive", "--format", "json", "-k", "1", "--set", "output_dir=out"});
    ASSERT_TRUE(program.shows("clipsim> "));
    const std::string sentence =
        "\xC3\x9C"
        "berraschung \xE7\x8C\xAB";
    program.type(sentence + "\n");
    EXPECT_TRUE(program.shows("clipsim> ")) << "the next prompt";
    program.type("quit\n");
    const nlohmann::json answer = nlohmann::json::parse(read_text(world / "results"));
    EXPECT_EQ(answer["query"], sentence);
    EXPECT_TRUE(answer["hits"][0]["score"].is_number()) << "and numbers stay as they are";
}

}  // namespace
}  // namespace clipsim::testing
