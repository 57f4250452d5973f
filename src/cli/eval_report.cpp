#include "eval_report.h"

#include <algorithm>
#include <array>
#include <iomanip>
#include <nlohmann/json.hpp>

#include "clipsim/core/text.h"
#include "clipsim/data/data_config.h"

namespace clipsim::cli {

namespace {

using Json = nlohmann::ordered_json;

struct MetricName {
    const char* key;
    const char* title;
    double RetrievalMetrics::*value;
};
constexpr std::array<MetricName, 6> metric_names{
    {{"triplet_accuracy", "triplet accuracy", &RetrievalMetrics::triplet_accuracy},
     {"recall_at_1", "Recall@1", &RetrievalMetrics::recall_at_1},
     {"recall_at_5", "Recall@5", &RetrievalMetrics::recall_at_5},
     {"recall_at_10", "Recall@10", &RetrievalMetrics::recall_at_10},
     {"r_precision", "R-precision", &RetrievalMetrics::r_precision},
     {"mean_average_precision_at_r", "MAP@R", &RetrievalMetrics::mean_average_precision_at_r}}};

constexpr std::size_t most_confusions_in_table = 8;

Json to_json(const std::optional<RetrievalIntervals>& interval) {
    if (!interval) return nullptr;
    Json json;
    for (const MetricName& metric : metric_names)
        json[metric.key] = {interval->low.*metric.value, interval->high.*metric.value};
    return json;
}

Json to_json(const SpaceReport& space) {
    Json json;
    for (const MetricName& metric : metric_names) json[metric.key] = space.metrics.*metric.value;
    json["precision_at_1"] = space.metrics.recall_at_1;
    json["queries"] = space.metrics.queries;
    json["interval_95"] = to_json(space.interval);
    return json;
}

Json to_json(const SentenceMetrics& sentences) {
    return {{"zero_shot_accuracy", sentences.zero_shot_accuracy},
            {"text_recall_at_1", sentences.recall_at_1},
            {"text_recall_at_5", sentences.recall_at_5},
            {"images", sentences.images},
            {"classes", sentences.classes}};
}

Json to_json(const GroupReport& group) {
    return {{"images", group.images},
            {"classes", group.classes},
            {"before", to_json(group.before)},
            {"after", group.after ? to_json(*group.after) : Json(nullptr)},
            {"change_interval_95", to_json(group.change)}};
}

Json to_json(const std::vector<Confusion>& confusions, const std::vector<std::string>& classes) {
    Json json = Json::array();
    for (const Confusion& pair : confusions) {
        json.push_back({{"class", classes[static_cast<std::size_t>(pair.actual)]},
                        {"found", classes[static_cast<std::size_t>(pair.found)]},
                        {"count", pair.count},
                        {"queries", pair.queries}});
    }
    return json;
}

// One row a metric: before, after, the change and its interval.
void add_group(std::ostream& out, const std::string& title, const GroupReport& group) {
    constexpr int name_width = 20;
    out << std::left << std::setw(name_width) << title << std::right << std::setw(8) << "before";
    if (group.after) out << std::setw(9) << "after" << std::setw(9) << "change";
    if (group.change) out << "   95% interval";
    out << '\n';
    for (const MetricName& metric : metric_names) {
        const double before = group.before.metrics.*metric.value;
        out << std::left << std::setw(name_width) << metric.title << std::right << std::setw(8) << before;
        if (group.after) {
            const double after = group.after->metrics.*metric.value;
            out << std::setw(9) << after << std::showpos << std::setw(9) << after - before;
            if (group.change)
                out << "   " << group.change->low.*metric.value << " to " << group.change->high.*metric.value;
            out << std::noshowpos;
        }
        out << '\n';
    }
    out << std::left << std::setw(name_width) << "queries" << std::right << std::setw(8)
        << group.before.metrics.queries << '\n';
}

void add_sentences(std::ostream& out, const SentenceMetrics& sentences, bool trained) {
    const auto row = [&](const char* name, double value) {
        out << std::left << std::setw(20) << name << std::right << std::setw(8) << value;
        if (trained) out << std::setw(9) << value << std::setw(9) << "the same";
        out << '\n';
    };
    out << "\nsentences\n";
    row("zero-shot accuracy", sentences.zero_shot_accuracy);
    row("text Recall@1", sentences.recall_at_1);
    row("text Recall@5", sentences.recall_at_5);
}

void add_confusions(std::ostream& out, const GroupReport& group, const std::vector<std::string>& classes) {
    const SpaceReport& space = group.after ? *group.after : group.before;
    if (space.confusions.empty()) return;
    out << "\nwhose nearest photo is of another class, " << (group.after ? "after" : "before")
        << " training\n";
    for (std::size_t i = 0; i < std::min(most_confusions_in_table, space.confusions.size()); ++i) {
        const Confusion& pair = space.confusions[i];
        out << std::right << std::setw(5) << pair.count << " of " << std::setw(4) << pair.queries << "  "
            << printable(classes[static_cast<std::size_t>(pair.actual)]) << " -> "
            << printable(classes[static_cast<std::size_t>(pair.found)]) << '\n';
    }
}

}  // namespace

std::string eval_json(const EvalReport& report) {
    const GroupReport& held_out = report.held_out;
    Json json{{"before", to_json(held_out.before)},
              {"after", held_out.after ? to_json(*held_out.after) : Json(nullptr)}};
    if (report.sentences) {
        for (const char* state : {"before", "after"}) {
            if (!json[state].is_null()) json[state].update(to_json(*report.sentences));
            json[state].erase("images");
            json[state].erase("classes");
        }
    }
    const bool by_class = report.split == SplitBy::label;
    json["split"] = to_string(report.split);
    json["change_interval_95"] = to_json(held_out.change);
    json["seen_classes"] = to_json(by_class ? *report.seen : held_out);
    json["held_out_classes"] = by_class ? to_json(held_out) : Json(nullptr);
    json["text"] = nullptr;
    if (report.sentences) {
        json["text"] = {{"before", to_json(*report.sentences)},
                        {"after", held_out.after ? to_json(*report.sentences) : Json(nullptr)}};
    }
    json["confusions"] = {
        {"before", to_json(held_out.before.confusions, report.classes)},
        {"after", held_out.after ? to_json(held_out.after->confusions, report.classes) : Json(nullptr)}};
    json["pictures"] = Json::array();
    for (const std::filesystem::path& picture : report.pictures) json["pictures"].push_back(picture.string());
    // A byte of a name that is no UTF-8 becomes U+FFFD.
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string eval_table(const EvalReport& report) {
    TextStream out;
    out << std::fixed << std::setprecision(4);
    if (report.seen) {
        add_group(out, "held-out classes", report.held_out);
        out << '\n';
        add_group(out, "seen classes", *report.seen);
    } else {
        add_group(out, "held-out photos", report.held_out);
    }
    if (report.sentences) add_sentences(out, *report.sentences, report.held_out.after.has_value());
    add_confusions(out, report.held_out, report.classes);
    return out.str();
}

}  // namespace clipsim::cli
