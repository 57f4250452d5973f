#include "global_options.h"

#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/pipeline/config.h"

namespace clipsim::cli {

Config GlobalOptions::config() const {
    std::optional<std::filesystem::path> file;
    if (config_file) file = *config_file;
    Config config = load_config(file, overrides);
    config.data.exclude.insert(config.data.exclude.end(), exclude.begin(), exclude.end());
    return config;
}

RunOptions GlobalOptions::run_options() const {
    RunOptions run;
    run.device = device;
    run.threads = threads;
    run.progress = quiet         ? ProgressStyle::none
                   : no_progress ? ProgressStyle::log_lines
                                 : ProgressStyle::automatic;
    run.stop = stop;
    return run;
}

void GlobalOptions::apply_logging() const {
    const LogLevel level = parse_log_level(log_level);
    set_log_level(quiet && level < LogLevel::error ? LogLevel::error : level);
}

int GlobalOptions::exit_code(const std::vector<SkippedImage>& skipped) const {
    if (skipped.empty()) return 0;
    log_warning(concat(skipped.size(), skipped.size() == 1 ? " image was skipped" : " images were skipped"));
    return strict ? 1 : 0;
}

void add_global_options(CLI::App& app, GlobalOptions& options) {
    app.add_option("-c,--config", options.config_file, "The JSON config; without it the defaults hold")
        ->type_name("FILE");
    app.add_option("--set", options.overrides,
                   "Overrides one key of the config, e.g. train.epochs=3; repeatable")
        ->type_name("A.B.C=VALUE")
        ->expected(1)
        ->allow_extra_args(false)  // what follows is the next argument, not one more override
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app.add_option("--exclude", options.exclude,
                   "Leaves out what fits in folders of photos, as in .gitignore; repeatable")
        ->type_name("GLOB")
        ->expected(1)
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app.add_option("--device", options.device, "auto, cpu, cuda or cuda:N")->type_name("DEVICE");
    app.add_option("--threads", options.threads,
                   "Threads of the model, exact search and rankings; 0: one per core")
        ->type_name("N")
        ->check(CLI::Range(0, 1024));
    CLI::Option* level =
        app.add_option("--log-level", options.log_level, "debug, info, warning, error or off")
            ->type_name("LEVEL");
    app.add_flag("-q,--quiet", options.quiet, "Only errors on stderr")->excludes(level);
    app.add_flag("--no-progress", options.no_progress, "Log lines in place of progress bars");
    app.add_flag("--strict", options.strict, "Exit with 1 when an image had to be skipped");
}

}  // namespace clipsim::cli
