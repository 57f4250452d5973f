// Tests of several processes: this test program started again, once a rank, each for one disabled test.
#pragma once

#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "support/launcher.h"

namespace clipsim::testing {

// What a rank is to do is handed on in an environment variable.
inline constexpr const char* order_variable = "CLIPSIM_TEST_ORDER";

// Nothing: this process is no rank that a test started.
inline std::optional<std::string> given_order() {
    const char* text = std::getenv(order_variable);
    if (text == nullptr) return std::nullopt;
    return text;
}

inline pid_t start_rank(int rank, int size, int port, const std::string& test, const std::string& order) {
    std::vector<std::string> variables;
    for (char** variable = environ; *variable != nullptr; ++variable) variables.emplace_back(*variable);
    for (const auto& [name, value] : rank_environment(rank, size, port))
        variables.push_back(name + '=' + value);
    variables.push_back(order_variable + ('=' + order));
    std::vector<char*> environment;
    for (std::string& variable : variables) environment.push_back(variable.data());
    environment.push_back(nullptr);
    // One test alone: another would say that it is skipped, and ctest take the whole for skipped.
    std::string program = "/proc/self/exe", filter = "--gtest_filter=" + test,
                disabled = "--gtest_also_run_disabled_tests";
    char* arguments[] = {program.data(), filter.data(), disabled.data(), nullptr};
    pid_t child = -1;
    EXPECT_EQ(::posix_spawn(&child, program.c_str(), nullptr, nullptr, arguments, environment.data()), 0);
    return child;
}

// Runs `test` in `size` processes; their exit codes.
inline std::vector<int> start_ranks(int size, const std::string& test, const std::string& order) {
    const int port = free_port();
    std::vector<pid_t> children;
    for (int rank = 0; rank < size; ++rank) children.push_back(start_rank(rank, size, port, test, order));
    std::vector<int> codes;
    for (const pid_t child : children) {
        int status = 0;
        ::waitpid(child, &status, 0);
        codes.push_back(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    }
    return codes;
}

}  // namespace clipsim::testing
