#include "commands.h"
#include "model/model_subcommands.h"

namespace clipsim::cli {

Command model_command(CLI::App& app, const GlobalOptions& global) {
    CLI::App* command = app.add_subcommand("model", "Look at models, get them, convert them");
    command->require_subcommand(1);
    static constexpr CommandFactory table[] = {model_list_command, model_pull_command, model_info_command,
                                               model_import_command};
    std::vector<Command> subcommands;
    for (const CommandFactory factory : table) subcommands.push_back(factory(*command, global));
    return {command, [subcommands] {
                for (const Command& subcommand : subcommands) {
                    if (subcommand.app->parsed()) return subcommand.run();
                }
                return 2;  // CLI11 asks for one of them before it comes to this
            }};
}

}  // namespace clipsim::cli
