#include <map>

#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/model/import_model.h"
#include "model/model_subcommands.h"

namespace clipsim::cli {

namespace {

struct ImportFlags {
    std::string source, precision;
    std::filesystem::path target, tokenizer;
};

int run_import(const ImportFlags& flags) {
    static const std::map<std::string, WeightPrecision> precisions{
        {"fp32", WeightPrecision::fp32}, {"fp16", WeightPrecision::fp16}, {"bf16", WeightPrecision::bf16}};
    ImportOptions options;
    if (!flags.precision.empty()) options.precision = precisions.at(flags.precision);
    if (!flags.tokenizer.empty()) options.tokenizer = flags.tokenizer;
    const ImportReport report = import_model(flags.source, flags.target, options);
    log_info(concat(report.model, " is in ", printable(flags.target), " as a Hugging Face folder"));
    if (report.reads_sentences && report.tokenizer.empty()) {
        log_warning(
            "there is no tokenizer beside the model, so sentences can't be searched for with the copy; "
            "import it "
            "with --tokenizer FOLDER, a folder with CLIP's vocab.json and merges.txt, or tokenizer.json");
    }
    return 0;
}

}  // namespace

Command model_import_command(CLI::App& parent, const GlobalOptions& /*global*/) {
    CLI::App* command =
        parent.add_subcommand("import", "Make any model that clipsim reads into one Hugging Face folder");
    const auto flags = std::make_shared<ImportFlags>();
    command->add_option("source", flags->source, "A folder, a file or a known name")->required();
    command->add_option("target", flags->target, "The folder to make")->required();
    command->add_option("--precision", flags->precision, "fp32, fp16 or bf16; without it that of the source")
        ->check(CLI::IsMember({"fp32", "fp16", "bf16"}));
    command
        ->add_option("--tokenizer", flags->tokenizer,
                     "A folder to take the tokenizer from; without it the source's own")
        ->type_name("FOLDER");
    return {command, [flags] { return run_import(*flags); }};
}

}  // namespace clipsim::cli
