#include <iomanip>
#include <iostream>

#include "clipsim/codecs/encode.h"
#include "clipsim/core/error.h"
#include "clipsim/core/files/own_output.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/index/open/open_index.h"
#include "clipsim/index/tuner.h"
#include "clipsim/pipeline/build_index.h"
#include "clipsim/pipeline/config.h"
#include "clipsim/pipeline/steps/output_layout.h"
#include "clipsim/pipeline/steps/tuning_curve.h"
#include "commands.h"
#include "index_contents_command.h"
#include "index_stats.h"
#include "index_summary.h"
#include "vectors_command.h"

namespace clipsim::cli {

namespace {

struct IndexFlags {
    IndexRequest request;
    VectorIndexFlags matrix;  // of --from-npy
    std::string shard;
    bool stats = false;
};

int index(const GlobalOptions& global, const IndexFlags& flags) {
    if (!flags.matrix.vectors.empty()) {
        log_info("index --from-npy V.npy is now called `clipsim vectors index V.npy`");
        VectorIndexFlags matrix = flags.matrix;
        matrix.rebuild = flags.request.rebuild;
        matrix.stats = flags.stats;
        return index_matrix(global, matrix);
    }
    IndexRequest request = flags.request;
    if (!flags.shard.empty()) request.shard = parse_shard(flags.shard);
    const IndexSummary summary = build_index(global.config(), global.run_options(), request);
    log_index_summary(summary, flags.request.dry_run);
    if (flags.request.dry_run) print_plan(summary.plan);
    if (flags.stats) print_stats(summary.report);
    return index_exit_code(global, summary);
}

struct MergeFlags {
    MergeRequest request;
    bool stats = false;
};

int merge(const GlobalOptions& global, const MergeFlags& flags) {
    const MergeSummary summary = merge_shards(global.config(), flags.request, global.run_options());
    log_info(concat(summary.report.total, " images in the index (", to_string(summary.report.type), "), ",
                    summary.duplicates, " older of the same path left out, ", std::fixed,
                    std::setprecision(1), summary.seconds, " s"));
    if (flags.stats) print_stats(summary.report);
    return 0;
}

struct TuneFlags {
    double recall = 0.99;
    std::filesystem::path save;
    bool force = false;
};

int tune(const GlobalOptions& global, const TuneFlags& flags) {
    if (!flags.save.empty()) {
        if (!is_picture_name(flags.save))
            throw UsageError(
                concat("cannot save ", printable(flags.save), ": give it the extension .png or .jpg"));
        check_output(flags.save, flags.force);
    }
    const Config config = global.config();
    const TuneReport report = tune(*open_index_tuning(index_place(config), global.run_options().stop),
                                   flags.recall, ThreadPool(global.threads));
    if (report.curve.empty()) {
        log_info("a flat index is exact: there is nothing to tune");
        return 0;
    }
    const std::string& name = report.effort_key;
    std::cout << std::setw(9) << name << std::setw(10) << "recall@10" << std::setw(10) << "us/query" << '\n'
              << std::fixed;
    for (const TunePoint& point : report.curve) {
        const bool chosen = report.chosen && point.effort == report.chosen->effort;
        std::cout << std::setw(9) << point.effort << std::setprecision(4) << std::setw(10) << point.recall
                  << std::setprecision(1) << std::setw(10) << point.microseconds
                  << (chosen ? "  <- chosen" : "") << '\n';
    }
    if (!flags.save.empty()) save_tuning_curve(flags.save, report);
    if (!report.chosen) {
        log_warning(concat("no ", name, " reaches a recall of ", flags.recall,
                           "; rebuild the index with a larger ", report.build_keys));
        return 1;
    }
    log_info(concat(name, " ", report.chosen->effort, " is the default for searches of this index"));
    return 0;
}

}  // namespace

Command index_command(CLI::App& app, const GlobalOptions& global) {
    CLI::App* command = app.add_subcommand("index", "Bring the index over your photos up to date");
    const auto flags = std::make_shared<IndexFlags>();
    command->add_option("folders", flags->request.folders, "Folders of photos; without them data.root")
        ->type_name("FOLDER");
    command->add_flag("--rebuild", flags->request.rebuild,
                      "Start over, even if the index belongs to another model");
    command->add_flag(
        "--verify", flags->request.verify,
        "Read the index's files in full, even if they look unchanged, and rebuild damaged ones");
    command->add_flag("--dry-run", flags->request.dry_run,
                      "Say what would be done without changing anything; list what would leave the index");
    command->add_flag("--prune", flags->request.prune,
                      "Let photos go whose folder is not there, and more than a tenth of the index at once");
    CLI::Option* vectors =
        command->add_option("--from-npy", flags->matrix.vectors, "As `clipsim vectors index` does")
            ->type_name("V.npy");
    command->add_option("--names", flags->matrix.names, "With --from-npy: a file with one name per row")
        ->type_name("FILE")
        ->needs(vectors);
    command
        ->add_option("--shard", flags->shard,
                     "Index part I of N alone, into output_dir/index-shard-I-of-N; `index merge` joins them")
        ->type_name("I/N");
    command->add_flag("--stats", flags->stats, "Print a JSON object: vectors, build_seconds, parameters")
        ->excludes(command->get_option("--dry-run"));
    for (const char* name : {"folders", "--verify", "--dry-run", "--prune", "--shard"})
        command->get_option(name)->excludes(vectors);
    command->get_option("--verify")->excludes(command->get_option("--rebuild"));
    const std::vector<CLI::Option*> own =
        command->get_options([](const CLI::Option* option) { return option->get_name() != "--help"; });

    CLI::App* tuning = command->add_subcommand(
        "tune", "Find the cheapest search that finds enough, on the index's own vectors, and keep it");
    const auto tune_flags = std::make_shared<TuneFlags>();
    tuning
        ->add_option("--recall", tune_flags->recall, "Share of the 10 nearest to be found; 0.99 if not given")
        ->type_name("R")
        ->check(CLI::Range(0.01, 1.0));
    tuning->add_option("--save", tune_flags->save, "A picture of the curve (.png, .jpg)")->type_name("FILE");
    tuning->add_flag("--force", tune_flags->force, "Let --save replace a file that clipsim did not write");

    CLI::App* merging = command->add_subcommand("merge", "Make one index of those that `index --shard` made");
    const auto merge_flags = std::make_shared<MergeFlags>();
    merging->add_option("parts", merge_flags->request.folders, "The folders index-shard-I-of-N")
        ->type_name("FOLDER")
        ->required();
    merging->add_flag("--rebuild", merge_flags->request.rebuild,
                      "Also in place of an index of something else");
    merging->add_flag("--partial", merge_flags->request.partial,
                      "Merge what there is, also where shards are missing or not of one collection");
    merging->add_flag("--stats", merge_flags->stats,
                      "Print a JSON object: vectors, build_seconds, parameters");
    const std::vector<Command> contents = index_contents_commands(*command, global);
    for (CLI::App* other : command->get_subcommands([](const CLI::App*) { return true; })) {
        for (CLI::Option* option : own) other->excludes(option);
    }
    return {command, [&global, flags, tuning, tune_flags, merging, merge_flags, contents] {
                for (const Command& other : contents) {
                    if (other.app->parsed()) return other.run();
                }
                if (merging->parsed()) return merge(global, *merge_flags);
                return tuning->parsed() ? tune(global, *tune_flags) : index(global, *flags);
            }};
}

}  // namespace clipsim::cli
