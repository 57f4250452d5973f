// What --stats prints of an index: one JSON object.
#pragma once

#include <iostream>
#include <nlohmann/json.hpp>

#include "clipsim/index/index_config.h"
#include "clipsim/index/updater.h"

namespace clipsim::cli {

inline nlohmann::ordered_json parameters_json(const IndexParameters& index) {
    const nlohmann::ordered_json all = parameters_to_json(index);
    nlohmann::ordered_json parameters{{"storage", all["storage"]}};
    if (const auto own = all.find(to_string(index.type)); own != all.end()) parameters.update(*own);
    return parameters;
}

inline void print_stats(const UpdateReport& report) {
    nlohmann::ordered_json json;
    json["vectors"] = report.total;
    json["build_seconds"] = report.build_seconds;
    json["index_type"] = to_string(report.type);
    json["parameters"] = parameters_json(report.parameters);
    json["recent"] = report.delta;  // of the vectors: not in index.faiss, but searched beside it
    json["dead"] = report.deleted;  // in index.faiss, but passed over
    std::cout << json.dump() << '\n';
}

}  // namespace clipsim::cli
