#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/pipeline/steps/output_layout.h"
#include "clipsim/pipeline/train_model.h"
#include "commands.h"
#include "train_summary.h"

namespace clipsim::cli {

Command train_command(CLI::App& app, const GlobalOptions& global) {
    CLI::App* command = app.add_subcommand("train", "Fine-tune the encoder on the photos under data.root");
    const auto request = std::make_shared<TrainRequest>();
    add_train_flags(*command, *request);
    return {command, [&global, request] {
                const Config config = global.config();
                const TrainReport report = train_model(config, global.run_options(), *request);
                log_train_summary(config, report);
                return global.exit_code(report.skipped);
            }};
}

}  // namespace clipsim::cli
