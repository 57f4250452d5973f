#include "metrics/metrics_log.h"

#include <nlohmann/json.hpp>
#include <sstream>

#include "clipsim/core/error.h"
#include "clipsim/core/files/atomic_file.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

using Json = nlohmann::ordered_json;

Json to_json(const EpochRecord& epoch) {
    return {{"epoch", epoch.epoch},
            {"stage", epoch.stage},
            {"loss", epoch.loss},
            {"active_share", epoch.active_share},
            {"positive_distance", epoch.positive_distance},
            {"negative_distance", epoch.negative_distance},
            {"triplet_accuracy", epoch.validation.triplet_accuracy},
            {"recall_at_1", epoch.validation.recall_at_1},
            {"recall_at_5", epoch.validation.recall_at_5},
            {"recall_at_10", epoch.validation.recall_at_10},
            {"r_precision", epoch.validation.r_precision},
            {"mean_average_precision_at_r", epoch.validation.mean_average_precision_at_r},
            {"queries", epoch.validation.queries},
            {"learning_rate", epoch.learning_rate},
            {"seconds", epoch.seconds},
            {"best", epoch.best}};
}

EpochRecord from_json(const Json& line) {
    EpochRecord epoch;
    epoch.epoch = line.at("epoch").get<int>();
    epoch.stage = line.at("stage").get<int>();
    epoch.loss = line.at("loss").get<double>();
    epoch.active_share = line.at("active_share").get<double>();
    epoch.positive_distance = line.at("positive_distance").get<double>();
    epoch.negative_distance = line.at("negative_distance").get<double>();
    epoch.validation.triplet_accuracy = line.at("triplet_accuracy").get<double>();
    epoch.validation.recall_at_1 = line.at("recall_at_1").get<double>();
    epoch.validation.recall_at_5 = line.at("recall_at_5").get<double>();
    epoch.validation.recall_at_10 = line.value("recall_at_10", 0.0);
    epoch.validation.r_precision = line.at("r_precision").get<double>();
    epoch.validation.mean_average_precision_at_r = line.at("mean_average_precision_at_r").get<double>();
    epoch.validation.queries = line.at("queries").get<std::size_t>();
    epoch.learning_rate = line.at("learning_rate").get<double>();
    epoch.seconds = line.at("seconds").get<double>();
    epoch.best = line.at("best").get<bool>();
    return epoch;
}

}  // namespace

std::string metrics_lines(std::span<const EpochRecord> epochs) {
    std::string lines;
    for (const EpochRecord& epoch : epochs) lines += to_json(epoch).dump() + "\n";
    return lines;
}

std::vector<EpochRecord> parse_metrics(const std::string& lines, const std::string& origin) {
    std::vector<EpochRecord> epochs;
    std::istringstream in(lines);
    for (std::string line; std::getline(in, line);) {
        try {
            epochs.push_back(from_json(Json::parse(line)));
        } catch (const Json::exception&) {
            throw UsageError(concat(origin, ": line ", epochs.size() + 1, " is no epoch of clipsim"));
        }
    }
    return epochs;
}

void write_metrics(const std::filesystem::path& file, std::span<const EpochRecord> epochs) {
    write_file_atomically(file, metrics_lines(epochs));
}

std::vector<EpochRecord> read_metrics(const std::filesystem::path& file) {
    return parse_metrics(read_file(file), printable(file));
}

}  // namespace clipsim
