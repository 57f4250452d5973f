#include <algorithm>
#include <iostream>

#include "clipsim/core/error.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/distributed/environment.h"
#include "clipsim/pipeline/build_index.h"
#include "clipsim/pipeline/demonstrate.h"
#include "clipsim/pipeline/steps/index_model.h"
#include "clipsim/pipeline/steps/index_replacement.h"
#include "clipsim/pipeline/steps/output_layout.h"
#include "clipsim/pipeline/train_model.h"
#include "commands.h"
#include "index_summary.h"
#include "train_summary.h"

namespace clipsim::cli {

Command all_command(CLI::App& app, const GlobalOptions& global) {
    CLI::App* command = app.add_subcommand("all", "train, index, then one search per class with its picture");
    const auto request = std::make_shared<TrainRequest>(TrainRequest{.keep_finished = true});
    add_train_flags(*command, *request);
    return {
        command, [&global, request] {
            if (const int processes = launched_processes(); processes > 1) {
                throw UsageError(concat("`clipsim all` works as one process, and WORLD_SIZE is ", processes,
                                        ": have the launcher start `clipsim train`, then `clipsim index`"));
            }
            const Config config = global.config();
            const RunOptions run = global.run_options();
            check_place_of_photos(index_place(config), config.index);
            const TrainReport training = train_model(config, run, *request);
            log_train_summary(config, training);
            IndexRequest indexing;
            // The vectors of an earlier model are of no use to the new one.
            indexing.rebuild = !training.was_finished || !index_is_of_current_model(config);
            const IndexSummary index = build_index(config, run, indexing);
            log_index_summary(index, false);

            std::cout << "class\thits of class\tpicture\n";
            for (const Demonstration& demonstration : demonstrate(config, run)) {
                std::cout << printable(demonstration.label) << '\t' << demonstration.hits_of_class << "/"
                          << demonstration.hits << '\t' << printable(demonstration.picture) << '\n';
            }
            return std::max(global.exit_code(training.skipped), index_exit_code(global, index));
        }};
}

}  // namespace clipsim::cli
