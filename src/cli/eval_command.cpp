#include <iomanip>
#include <iostream>
#include <nlohmann/json.hpp>

#include "clipsim/core/log.h"
#include "clipsim/pipeline/evaluate.h"
#include "commands.h"

namespace clipsim::cli {

namespace {

nlohmann::ordered_json to_json(const RetrievalMetrics& metrics,
                               const std::optional<SentenceMetrics>& sentences) {
    nlohmann::ordered_json json{{"triplet_accuracy", metrics.triplet_accuracy},
                                {"recall_at_1", metrics.recall_at_1},
                                {"recall_at_5", metrics.recall_at_5},
                                {"r_precision", metrics.r_precision},
                                {"mean_average_precision_at_r", metrics.mean_average_precision_at_r},
                                {"queries", metrics.queries}};
    if (sentences) {
        json["zero_shot_accuracy"] = sentences->zero_shot_accuracy;
        json["text_recall_at_1"] = sentences->recall_at_1;
        json["text_recall_at_5"] = sentences->recall_at_5;
    }
    return json;
}

void print_json(const EvalReport& report) {
    nlohmann::ordered_json json;
    json["before"] = to_json(report.before, report.sentences);
    json["after"] = report.after ? to_json(*report.after, report.sentences) : nlohmann::ordered_json(nullptr);
    std::cout << json.dump(2) << '\n';
}

void print_table(const EvalReport& report) {
    constexpr int name_width = 20;
    const auto print = [&](const char* name, double before, double after) {
        std::cout << std::left << std::setw(name_width) << name << std::right << std::fixed
                  << std::setprecision(4) << std::setw(8) << before;
        if (report.after) {
            std::cout << std::setw(9) << after << std::showpos << std::setw(9) << after - before
                      << std::noshowpos;
        }
        std::cout << '\n';
    };
    const auto row = [&](const char* name, double RetrievalMetrics::*metric) {
        print(name, report.before.*metric, report.after ? (*report.after).*metric : 0);
    };
    std::cout << std::left << std::setw(name_width) << "held-out photos" << std::right << std::setw(8)
              << "before";
    if (report.after) std::cout << std::setw(9) << "after" << std::setw(9) << "change";
    std::cout << '\n';
    row("triplet accuracy", &RetrievalMetrics::triplet_accuracy);
    row("Recall@1", &RetrievalMetrics::recall_at_1);
    row("Recall@5", &RetrievalMetrics::recall_at_5);
    row("R-precision", &RetrievalMetrics::r_precision);
    row("MAP@R", &RetrievalMetrics::mean_average_precision_at_r);
    if (report.sentences) {
        const auto same = [&](const char* name, double value) { print(name, value, value); };
        same("zero-shot accuracy", report.sentences->zero_shot_accuracy);
        same("text Recall@1", report.sentences->recall_at_1);
        same("text Recall@5", report.sentences->recall_at_5);
    }
    std::cout << std::left << std::setw(name_width) << "queries" << std::right << std::setw(8)
              << report.before.queries << '\n';
}

}  // namespace

Command eval_command(CLI::App& app, const GlobalOptions& global) {
    CLI::App* command =
        app.add_subcommand("eval", "Retrieval quality on the held-out photos, before and after training");
    const auto format = std::make_shared<std::string>("table");
    command->add_option("--format", *format, "table or json")->check(CLI::IsMember({"table", "json"}));
    return {command, [&global, format] {
                const EvalReport report = evaluate(global.config(), global.run_options());
                if (!report.after) log_warning("nothing was trained yet: only the base model is measured");
                *format == "json" ? print_json(report) : print_table(report);
                return global.exit_code(report.skipped);
            }};
}

}  // namespace clipsim::cli
