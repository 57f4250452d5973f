#include "commands.h"

namespace clipsim::cli {

Command all_command(CLI::App& app, const GlobalOptions& global);
Command embed_command(CLI::App& app, const GlobalOptions& global);
Command eval_command(CLI::App& app, const GlobalOptions& global);
Command index_command(CLI::App& app, const GlobalOptions& global);
Command model_command(CLI::App& app, const GlobalOptions& global);
Command search_command(CLI::App& app, const GlobalOptions& global);
Command train_command(CLI::App& app, const GlobalOptions& global);
Command vectors_command(CLI::App& app, const GlobalOptions& global);

std::span<const CommandFactory> command_table() {
    static constexpr CommandFactory table[] = {
        train_command, index_command, search_command,  all_command,
        eval_command,  embed_command, vectors_command, model_command,
    };
    return table;
}

}  // namespace clipsim::cli
