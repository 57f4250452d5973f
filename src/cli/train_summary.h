// The flags of a training and what it ends with on stderr; shared by `train` and `all`.
#pragma once

#include <CLI/CLI.hpp>

#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/pipeline/config.h"
#include "clipsim/pipeline/steps/output_layout.h"
#include "clipsim/pipeline/train_model.h"

namespace clipsim::cli {

inline void add_train_flags(CLI::App& command, TrainRequest& request) {
    CLI::Option* resume =
        command.add_flag("--resume", request.resume,
                         "Go on with the training in output_dir: an interrupted one, or a finished "
                         "one with a larger train.epochs");
    command
        .add_flag("--restart", request.restart,
                  "Train anew where output_dir holds a training; its model is kept")
        ->excludes(resume);
}

inline void log_train_summary(const Config& config, const TrainReport& report) {
    const OutputLayout layout(config);
    log_info(concat("best epoch ", report.best_epoch, ": triplet accuracy ", report.before.triplet_accuracy,
                    " -> ", report.best.triplet_accuracy, ", Recall@1 ", report.before.recall_at_1, " -> ",
                    report.best.recall_at_1, ", MAP@R ", report.before.mean_average_precision_at_r, " -> ",
                    report.best.mean_average_precision_at_r));
    log_info(concat("model: ", printable(layout.best_model()), "  curves: ", printable(layout.curves())));
}

}  // namespace clipsim::cli
