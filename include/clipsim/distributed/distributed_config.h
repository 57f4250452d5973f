// The section `distributed` of a config.
#pragma once

namespace clipsim {

class ConfigTable;

// More than one process, started by torchrun or another launcher.
struct DistributedConfig {
    double timeout_s = 600;  // a rank that keeps the others waiting for longer counts as lost
};

// The keys of the section, bound to `config`.
void add_keys(ConfigTable& table, DistributedConfig& config);

}  // namespace clipsim
