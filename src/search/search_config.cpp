#include "clipsim/search/search_config.h"

#include "clipsim/core/config_table.h"

namespace clipsim {

void add_keys(ConfigTable& table, SearchConfig& config) {
    table.add("search.top_k", "Hits per query", config.top_k, 1, 1'000'000);
}

}  // namespace clipsim
