// The subcommands of `clipsim model`: one file each. `parent` is the command `model`.
#pragma once

#include "commands.h"

namespace clipsim::cli {

Command model_import_command(CLI::App& parent, const GlobalOptions& global);
Command model_info_command(CLI::App& parent, const GlobalOptions& global);
Command model_list_command(CLI::App& parent, const GlobalOptions& global);
Command model_pull_command(CLI::App& parent, const GlobalOptions& global);

}  // namespace clipsim::cli
