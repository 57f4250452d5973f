// `clipsim index list`, `clipsim index info`, `clipsim index remove`.
#pragma once

#include <vector>

#include "commands.h"

namespace clipsim::cli {

// Added to `index`, the app of `clipsim index`.
std::vector<Command> index_contents_commands(CLI::App& index, const GlobalOptions& global);

}  // namespace clipsim::cli
