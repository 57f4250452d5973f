// Parses the command line, runs one subcommand, turns errors into one line and an exit code.
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "clipsim/core/allocator.h"
#include "clipsim/core/error.h"
#include "clipsim/core/instructions.h"
#include "clipsim/core/interrupt.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
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

// Of the subcommands that are there: those of the last one that was understood.
const CLI::App* innermost(const CLI::App* app) {
    while (!app->get_subcommands().empty()) app = app->get_subcommands().back();
    return app;
}

std::string called(const CLI::App* app) {
    const CLI::App* parent = app->get_parent();
    return parent == nullptr ? app->get_name() : called(parent) + " " + app->get_name();
}

// " (did you mean X?)" for what was not understood, or "".
std::string suggestion(const CLI::App* app, const std::string& word) {
    std::vector<std::string> known;
    for (; app != nullptr; app = app->get_parent()) {
        for (const CLI::Option* option : app->get_options()) {
            for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
        }
        for (const CLI::App* command : app->get_subcommands([](const CLI::App*) { return true; }))
            known.push_back(command->get_name());
    }
    const std::string nearest = nearest_name(word.substr(0, word.find('=')), known);
    return nearest.empty() ? "" : concat(" (did you mean ", nearest, "?)");
}

// Help and version go to stdout with 0; anything else is one line on stderr with 2.
int report_parse_error(const CLI::App& app, const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    const CLI::App* command = innermost(&app);
    const std::vector<std::string> extra = app.remaining(true);
    const std::string help = "; see `" + called(command) + " --help`";
    if (extra.empty() && command == &app && dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
        std::string names;
        for (const CLI::App* known : app.get_subcommands([](const CLI::App*) { return true; }))
            names += concat(names.empty() ? "" : ", ", known->get_name());
        log_error(concat("which command? One of ", names, help));
    } else if (extra.empty()) {
        log_error(first_line(error.what()) + help);
    } else if (extra.front() == "help") {
        std::cout << app.help();
        return 0;
    } else {
        const std::string word = extra.front().substr(0, 60);
        log_error(concat(word.starts_with('-') ? "unknown flag " : "not understood: ", printable(word),
                         suggestion(command, word), help));
    }
    return exit_usage;
}

// CLI11 takes the next argument for the value of a flag that ends in "=".
void refuse_empty_values(int argc, char** argv) {
    for (int i = 1; i < argc && argv[i] != std::string_view("--"); ++i) {
        const std::string_view argument(argv[i]);
        if (argument.starts_with("--") && argument.find('=') + 1 == argument.size())
            throw UsageError(concat(printable(argument), " has no value behind the ="));
    }
}

int run(int argc, char** argv, cli::GlobalOptions& global) {
    CLI::App app("Fine-tune CLIP on your photos, index them, find what looks alike.", "clipsim");
    app.set_version_flag("--version", "clipsim " CLIPSIM_VERSION);
    app.require_subcommand(1);
    app.fallthrough();  // global flags may come after the subcommand too
    cli::add_global_options(app, global);
    std::vector<cli::Command> commands;
    for (const cli::CommandFactory& factory : cli::command_table()) commands.push_back(factory(app, global));

    refuse_empty_values(argc, argv);
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
