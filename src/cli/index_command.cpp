#include "clipsim/core/config_io.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/pipeline/build_index.h"
#include "commands.h"
#include "index_summary.h"

namespace clipsim::cli {

Command index_command(CLI::App& app, const GlobalOptions& global) {
    CLI::App* command = app.add_subcommand("index", "Bring the index over your photos up to date");
    const auto request = std::make_shared<IndexRequest>();
    command->add_option("folders", request->folders, "Folders of photos; without them data.root")
        ->type_name("FOLDER");
    command->add_flag("--rebuild", request->rebuild, "Start anew, also where the index is of another model");
    command->add_flag("--dry-run", request->dry_run, "Say what would be done and change nothing");
    return {command, [&global, request] {
                const Config config = global.config();
                const IndexSummary summary = build_index(config, global.run_options(), *request);
                log_index_summary(summary, request->dry_run);
                return global.exit_code(summary.skipped);
            }};
}

}  // namespace clipsim::cli
