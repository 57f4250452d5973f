#include "clipsim/distributed/distributed_config.h"

#include "clipsim/core/config_table.h"

namespace clipsim {

void add_keys(ConfigTable& table, DistributedConfig& config) {
    table.add("distributed.timeout_s",
              "With several processes: seconds after which one that keeps the others waiting is lost",
              config.timeout_s, 1, 1e6);
}

}  // namespace clipsim
