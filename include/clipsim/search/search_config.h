// The section `search` of a config.
#pragma once

namespace clipsim {

class ConfigTable;

struct SearchConfig {
    int top_k = 10;
};

// The keys of the section, bound to `config`.
void add_keys(ConfigTable& table, SearchConfig& config);

}  // namespace clipsim
