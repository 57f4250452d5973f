// The subcommands: one file each, all named in the table in commands.cpp.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <span>

#include "global_options.h"

namespace clipsim::cli {

// A subcommand adds itself and its flags to the app and says what to run. `global` is filled in by the time
// `run` is called. run() returns the exit code.
struct Command {
    CLI::App* app = nullptr;
    std::function<int()> run;
};
using CommandFactory = Command (*)(CLI::App& app, const GlobalOptions& global);

// In the order in which --help lists them.
std::span<const CommandFactory> command_table();

}  // namespace clipsim::cli
