#include <iomanip>
#include <iostream>

#include "clipsim/core/config_io.h"
#include "clipsim/core/error.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/pipeline/build_index.h"
#include "clipsim/pipeline/vector_collection.h"
#include "commands.h"
#include "index_stats.h"
#include "index_summary.h"

namespace clipsim::cli {

namespace {

struct IndexFlags {
    IndexRequest request;
    std::filesystem::path vectors;
    std::optional<std::filesystem::path> names;
    bool stats = false;
};

void print_stats(const UpdateReport& report) {
    nlohmann::ordered_json json;
    json["vectors"] = report.total;
    json["build_seconds"] = report.build_seconds;
    json["index_type"] = to_string(report.type);
    json["parameters"] = parameters_json(report.parameters);
    std::cout << json.dump() << '\n';
}

int index_matrix(const GlobalOptions& global, const IndexFlags& flags) {
    const IndexRequest& request = flags.request;
    if (!request.folders.empty() || request.dry_run)
        throw UsageError("--from-npy indexes a matrix of vectors: it takes neither folders nor --dry-run");
    const VectorIndexSummary summary =
        index_vectors(global.config(), flags.vectors, flags.names, global.run_options());
    log_info(concat(summary.report.total, " vectors in the index (", to_string(summary.report.type), "), ",
                    std::fixed, std::setprecision(1), summary.seconds, " s"));
    if (flags.stats) print_stats(summary.report);
    return 0;
}

int index(const GlobalOptions& global, const IndexFlags& flags) {
    if (!flags.vectors.empty()) return index_matrix(global, flags);
    if (flags.names) throw UsageError("--names belongs to --from-npy");
    const IndexSummary summary = build_index(global.config(), global.run_options(), flags.request);
    log_index_summary(summary, flags.request.dry_run);
    if (flags.stats && !flags.request.dry_run) print_stats(summary.report);
    return global.exit_code(summary.skipped);
}

}  // namespace

Command index_command(CLI::App& app, const GlobalOptions& global) {
    CLI::App* command = app.add_subcommand("index", "Bring the index over your photos up to date");
    const auto flags = std::make_shared<IndexFlags>();
    command->add_option("folders", flags->request.folders, "Folders of photos; without them data.root")
        ->type_name("FOLDER");
    command->add_flag("--rebuild", flags->request.rebuild,
                      "Start anew, also where the index is of another model");
    command->add_flag("--dry-run", flags->request.dry_run, "Say what would be done and change nothing");
    command
        ->add_option("--from-npy", flags->vectors,
                     "Index the rows of this matrix (float32 or float16, [N, D]) in place of photos")
        ->type_name("V.npy");
    command->add_option("--names", flags->names, "With --from-npy: a file with a name a line for the rows")
        ->type_name("FILE");
    command->add_flag("--stats", flags->stats, "Print a JSON object: vectors, build_seconds, parameters");
    return {command, [&global, flags] { return index(global, *flags); }};
}

}  // namespace clipsim::cli
