// What the ranks of a command have to agree on: ProcessGroup::require_same compares it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "clipsim/pipeline/config.h"

namespace clipsim {

// The version, the command and every key of the config but those that name places and threads, which may be
// others on each machine.
std::vector<std::pair<std::string, std::string>> rank_facts(const std::string& command, const Config& config);

}  // namespace clipsim
