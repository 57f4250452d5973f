// The whole config: the sections of all modules, in one JSON file. A module sees its own section alone.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>

#include "clipsim/data/data_config.h"
#include "clipsim/distributed/distributed_config.h"
#include "clipsim/index/index_config.h"
#include "clipsim/model/model_config.h"
#include "clipsim/search/search_config.h"
#include "clipsim/train/train_config.h"

namespace clipsim {

struct Config {
    ModelConfig model;
    DataConfig data;
    TrainConfig train;
    IndexConfig index;
    SearchConfig search;
    DistributedConfig distributed;
    std::string output_dir = "output";
};

// Reads a config file, applies the overrides ("train.epochs=3") and checks all of it. Without a file the
// defaults are the config. Throws UsageError as read_config does (core/config_json.h).
Config load_config(const std::optional<std::filesystem::path>& file, std::span<const std::string> overrides);

// The same from text; `origin` names it in messages.
Config parse_config(const std::string& text, const std::string& origin,
                    std::span<const std::string> overrides);

nlohmann::ordered_json config_to_json(Config config);
nlohmann::ordered_json config_schema();

}  // namespace clipsim
