// The flags every subcommand understands.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "clipsim/data/loader.h"
#include "clipsim/pipeline/config.h"
#include "clipsim/pipeline/run_options.h"

namespace clipsim::cli {

struct GlobalOptions {
    std::optional<std::string> config_file;
    std::vector<std::string> overrides;
    std::vector<std::string> exclude;  // behind those of data.exclude
    std::string device = "auto";
    int threads = 0;
    std::string log_level = "info";
    bool quiet = false;
    bool no_progress = false;
    bool strict = false;
    std::stop_token stop;

    // Throws UsageError for a config that is wrong.
    Config config() const;
    RunOptions run_options() const;
    // Applies --log-level and --quiet. Throws UsageError for an unknown level.
    void apply_logging() const;
    // 0, or 1 when images were skipped and --strict asks to mind; names the number of skipped images.
    int exit_code(const std::vector<SkippedImage>& skipped) const;
};

void add_global_options(CLI::App& app, GlobalOptions& options);

}  // namespace clipsim::cli
