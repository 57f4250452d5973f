#include <iostream>

#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/pipeline/evaluate.h"
#include "commands.h"
#include "eval_report.h"

namespace clipsim::cli {

Command eval_command(CLI::App& app, const GlobalOptions& global) {
    CLI::App* command =
        app.add_subcommand("eval", "Retrieval quality on the held-out photos, before and after training");
    const auto format = std::make_shared<std::string>("table");
    const auto options = std::make_shared<EvalOptions>();
    command->add_option("--format", *format, "table or json")->check(CLI::IsMember({"table", "json"}));
    command
        ->add_option("--bootstrap", options->bootstrap_samples,
                     "Samples that the 95% intervals come from; 0: no intervals")
        ->check(CLI::Range(0, 1'000'000))
        ->capture_default_str();
    command->add_flag("!--no-pictures", options->pictures, "Draw nothing into output_dir/results/eval");
    return {command, [&global, format, options] {
                const EvalReport report = evaluate(global.config(), global.run_options(), *options);
                if (!report.held_out.after)
                    log_warning("nothing was trained yet: only the base model is measured");
                std::cout << (*format == "json" ? eval_json(report) : eval_table(report));
                for (const std::filesystem::path& picture : report.pictures)
                    log_info(concat("wrote ", printable(picture)));
                return global.exit_code(report.skipped);
            }};
}

}  // namespace clipsim::cli
