// tests/fixtures/train.json and metrics.json, made by make_train_fixtures.py and make_metrics_fixtures.py
// from pytorch-metric-learning.
#pragma once

#include <nlohmann/json.hpp>

#include "temporary_folder.h"

namespace clipsim::testing {

inline nlohmann::json golden(const std::string& part, const char* file = "train.json") {
    return nlohmann::json::parse(read_text(std::filesystem::path(CLIPSIM_FIXTURES) / file)).at(part);
}

}  // namespace clipsim::testing
