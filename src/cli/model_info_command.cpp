#include <iostream>

#include "clipsim/core/hash.h"
#include "clipsim/core/text.h"
#include "clipsim/image/preprocess.h"
#include "clipsim/model/clip_config.h"
#include "clipsim/model/model_files.h"
#include "model_subcommands.h"

namespace clipsim::cli {

namespace {

int model_info(const std::string& name) {
    const ModelFiles files = find_model(name);
    const VisionConfig vision = read_vision_config(files.config);
    const PreprocessSpec preprocess = read_preprocess_spec(files.preprocessor);
    std::cout << "model          " << files.id << '\n'
              << "family         CLIP\n"
              << "weights        " << printable(files.weights) << " ("
              << std::filesystem::file_size(files.weights) << " bytes)\n"
              << "hash           " << hash_file(files.weights) << '\n'
              << "image          " << vision.image_size << " x " << vision.image_size << ", patches of "
              << vision.patch_size << ", " << vision.tokens() << " tokens\n"
              << "vision tower   " << vision.layers << " blocks, width " << vision.hidden_size << ", "
              << vision.heads << " heads, MLP " << vision.intermediate_size << ", "
              << (vision.activation == Activation::quick_gelu ? "quick_gelu" : "gelu") << '\n'
              << "joint space    " << vision.projection_dim << " dimensions\n"
              << "preprocessing  short side " << preprocess.short_side << ", crop " << preprocess.crop_width
              << " x " << preprocess.crop_height << ", bicubic\n";
    return 0;
}

}  // namespace

Command model_info_command(CLI::App& parent, const GlobalOptions& global) {
    CLI::App* command = parent.add_subcommand("info", "Shape, hash and preprocessing of a model");
    const auto name = std::make_shared<std::string>();
    command->add_option("model", *name, "A folder or a known name; without it model.clip of the config");
    return {command,
            [&global, name] { return model_info(name->empty() ? global.config().model.clip : *name); }};
}

}  // namespace clipsim::cli
