#include "clipsim/core/error.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/pipeline/embed_images.h"
#include "commands.h"

namespace clipsim::cli {

namespace {

struct EmbedFlags {
    std::vector<std::filesystem::path> images;
    std::filesystem::path output;
    std::string space;
};

int embed(const GlobalOptions& global, const EmbedFlags& flags) {
    if (flags.output.extension() != ".npy") {
        throw UsageError(concat("--output ", printable(flags.output), ": the name has to end in .npy"));
    }
    std::optional<Space> space;
    if (!flags.space.empty()) space = flags.space == "clip" ? Space::clip : Space::projected;
    const EmbeddedImages embedded = embed_images(global.config(), flags.images, space, global.run_options());
    if (embedded.images.empty())
        throw UsageError("none of the inputs is a readable image; nothing was written");
    write_embeddings(flags.output, embedded);
    log_info(concat(embedded.images.size(), " vectors of ", embedded.dimension, " dimensions in ",
                    printable(flags.output)));
    return global.exit_code(embedded.skipped);
}

}  // namespace

Command embed_command(CLI::App& app, const GlobalOptions& global) {
    CLI::App* command = app.add_subcommand("embed", "Write the vectors of images to a .npy file");
    const auto flags = std::make_shared<EmbedFlags>();
    command->add_option("images", flags->images, "Images, or folders of images")
        ->type_name("IMAGE")
        ->required();
    command->add_option("-o,--output", flags->output, "The .npy file; a .json beside it names the inputs")
        ->type_name("FILE.npy")
        ->required();
    command
        ->add_option("--space", flags->space,
                     "clip or projected; by default projected where a model was trained")
        ->check(CLI::IsMember({"clip", "projected"}));
    return {command, [&global, flags] { return embed(global, *flags); }};
}

}  // namespace clipsim::cli
