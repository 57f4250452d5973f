#include "clipsim/pipeline/steps/rank_facts.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace clipsim {

namespace {

constexpr std::array places{"data.root",  "data.workers", "index.postgres.machine",
                            "model.clip", "output_dir",   "train.cache_dir"};

}  // namespace

std::vector<std::pair<std::string, std::string>> rank_facts(const std::string& command,
                                                            const Config& config) {
    std::vector<std::pair<std::string, std::string>> facts{{"the version of clipsim", CLIPSIM_VERSION},
                                                           {"the command", command}};
    const nlohmann::ordered_json values = config_to_json(config).flatten();
    for (const auto& [pointer, value] : values.items()) {
        std::string key = pointer.substr(1);
        std::ranges::replace(key, '/', '.');
        if (std::ranges::find(places, key) != places.end()) continue;
        facts.emplace_back(key, value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    }
    return facts;
}

}  // namespace clipsim
