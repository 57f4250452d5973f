#include "clipsim/core/error.h"
#include "clipsim/core/files/own_output.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/pipeline/embed_inputs.h"
#include "commands.h"

namespace clipsim::cli {

namespace {

struct EmbedFlags {
    EmbedRequest request;
    std::filesystem::path output;
    std::string space;
    bool force = false;
};

int embed(const GlobalOptions& global, EmbedFlags flags) {
    if (flags.output.extension() != ".npy") {
        throw UsageError(concat("--output ", printable(flags.output), ": the name has to end in .npy"));
    }
    for (const std::filesystem::path& file : {flags.output, names_file(flags.output)})
        check_output(file, flags.force);
    if (flags.request.images.empty() && flags.request.sentences.empty())
        throw UsageError("nothing to embed: name images or folders, or use --text SENTENCE");
    if (!flags.space.empty()) {
        const bool text = flags.space == "text" || flags.space == "clip";
        flags.request.space = text ? Space::text : Space::image;
    }
    const EmbeddedInputs embedded = embed_inputs(global.config(), flags.request, global.run_options());
    if (embedded.inputs.empty())
        throw UsageError("none of the inputs is a readable image; nothing was written");
    write_embeddings(flags.output, embedded);
    log_info(concat(embedded.inputs.size(), " vectors of ", embedded.dimension, " dimensions in ",
                    printable(flags.output)));
    return global.exit_code(embedded.skipped);
}

}  // namespace

Command embed_command(CLI::App& app, const GlobalOptions& global) {
    CLI::App* command =
        app.add_subcommand("embed", "Write the vectors of images and sentences to a .npy file");
    const auto flags = std::make_shared<EmbedFlags>();
    command->add_option("images", flags->request.images, "Images, or folders of images")->type_name("IMAGE");
    command->add_option("--text", flags->request.sentences, "A sentence; may be given again")
        ->type_name("SENTENCE")
        ->allow_extra_args(false);
    command->add_option("-o,--output", flags->output, "The .npy file; a .json beside it names the inputs")
        ->type_name("FILE.npy")
        ->required();
    command->add_flag("--force", flags->force, "Also in place of files that clipsim did not write");
    command
        ->add_option(
            "--space", flags->space,
            "image: the space that images are compared in, by default; text: that of sentences too, by "
            "default with --text")
        ->check(CLI::IsMember({"image", "text", "projected", "clip"}));  // the last two: their old names
    return {command, [&global, flags] { return embed(global, *flags); }};
}

}  // namespace clipsim::cli
