#include "metrics/metrics_log.h"

#include <nlohmann/json.hpp>
#include <sstream>

#include "clipsim/core/error.h"
#include "clipsim/core/files/atomic_file.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

using Json = nlohmann::ordered_json;

// Calls figure(name, member) for all that a line holds, in its order.
template <typename Record, typename Figure>
void for_each_figure(Record& epoch, Figure&& figure) {
    figure("epoch", epoch.epoch);
    figure("stage", epoch.stage);
    figure("loss", epoch.loss);
    figure("active_share", epoch.active_share);
    figure("positive_distance", epoch.positive_distance);
    figure("negative_distance", epoch.negative_distance);
    figure("triplet_accuracy", epoch.validation.triplet_accuracy);
    figure("recall_at_1", epoch.validation.recall_at_1);
    figure("recall_at_5", epoch.validation.recall_at_5);
    figure("recall_at_10", epoch.validation.recall_at_10);
    figure("r_precision", epoch.validation.r_precision);
    figure("mean_average_precision_at_r", epoch.validation.mean_average_precision_at_r);
    figure("queries", epoch.validation.queries);
    figure("learning_rate", epoch.learning_rate);
    figure("seconds", epoch.seconds);
    figure("best", epoch.best);
}

Json to_json(const EpochRecord& epoch) {
    Json line;
    for_each_figure(epoch, [&](const char* name, const auto& value) { line[name] = value; });
    return line;
}

EpochRecord from_json(const Json& line) {
    EpochRecord epoch;
    for_each_figure(epoch, [&](const std::string& name, auto& value) {
        if (name == "recall_at_10" && !line.contains(name)) return;  // earlier versions did not write it
        line.at(name).get_to(value);
    });
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
