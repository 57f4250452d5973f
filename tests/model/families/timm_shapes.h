// The tensors of timm's EfficientNet-Lites.
#pragma once

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace clipsim::testing {

inline const std::vector<std::string> efficientnet_lites{"tf_efficientnet_lite0", "tf_efficientnet_lite1",
                                                         "tf_efficientnet_lite2", "tf_efficientnet_lite3",
                                                         "tf_efficientnet_lite4"};

using Shapes = std::map<std::string, std::vector<int>>;

// What timm's network of that name holds; see make_lite_fixtures.py.
inline Shapes shapes_of_timm(const std::string& name) {
    std::ifstream file(std::string(CLIPSIM_FIXTURES) + "/model/efficientnet_lite_names.json");
    return nlohmann::json::parse(file).at(name).get<Shapes>();
}

}  // namespace clipsim::testing
