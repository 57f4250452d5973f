// Parses the command line, runs one subcommand, turns errors into one line and an exit code.
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "clipsim/core/allocator.h"
#include "clipsim/core/error.h"
#include "clipsim/core/instructions.h"
#include "clipsim/core/interrupt.h"
#include "clipsim/core/log.h"
#include "clipsim/core/unexpected_error.h"
#include "commands.h"

namespace {

using namespace clipsim;

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;
constexpr int exit_interrupted = 130;

std::string first_line(const std::string& text) {
    return text.substr(0, text.find('\n'));
}

// Help and version go to stdout with 0; anything else is one line on stderr with 2.
int report_parse_error(const CLI::App& app, const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    std::string command = "clipsim";
    for (const CLI::App* sub : app.get_subcommands()) command += " " + sub->get_name();
    log_error(first_line(error.what()) + "; see `" + command + " --help`");
    return exit_usage;
}

int run(int argc, char** argv, cli::GlobalOptions& global) {
    CLI::App app("Fine-tune CLIP on your photos, index them, find what looks alike.", "clipsim");
    app.set_version_flag("--version", "clipsim " CLIPSIM_VERSION);
    app.require_subcommand(1);
    app.fallthrough();  // global flags may come after the subcommand too
    cli::add_global_options(app, global);
    std::vector<cli::Command> commands;
    for (const cli::CommandFactory& factory : cli::command_table()) commands.push_back(factory(app, global));

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return report_parse_error(app, error);
    }
    global.apply_logging();
    for (const cli::Command& command : commands) {
        if (command.app->parsed()) return command.run();
    }
    return exit_usage;
}

}  // namespace

int main(int argc, char** argv) {
    keep_freed_memory();
    report_uncaught_exceptions();
    try {
        limit_kernels();
        const InterruptWatcher interrupts;
        cli::GlobalOptions global;
        global.stop = interrupts.token();
        const int code = run(argc, argv, global);
        std::cout.flush();
        if (!std::cout) throw Error("the results could not be written to stdout");
        return code;
    } catch (const Interrupted& error) {
        log_warning(std::string("interrupted: ") + error.what());
        return exit_interrupted;
    } catch (const UsageError& error) {
        log_error(first_line(error.what()));
        return exit_usage;
    } catch (const std::exception& error) {
        log_error(in_plain_words(error));
        return exit_failed;
    }
}
