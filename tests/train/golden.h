// tests/fixtures/train.json, made by make_train_fixtures.py from pytorch-metric-learning.
#pragma once

#include <nlohmann/json.hpp>

#include "temporary_folder.h"

namespace clipsim::testing {

inline nlohmann::json golden(const std::string& part) {
    return nlohmann::json::parse(read_text(std::filesystem::path(CLIPSIM_FIXTURES) / "train.json")).at(part);
}

}  // namespace clipsim::testing
