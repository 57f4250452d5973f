#include <iostream>
#include <nlohmann/json.hpp>

#include "clipsim/core/text.h"
#include "clipsim/model/model_info.h"
#include "model/model_subcommands.h"

namespace clipsim::cli {

namespace {

using Json = nlohmann::ordered_json;

const char* name_of(Activation activation) {
    return activation == Activation::quick_gelu ? "quick_gelu" : "gelu";
}

std::string tower_line(const TransformerConfig& tower) {
    return concat(tower.layers, " blocks, width ", tower.hidden_size, ", ", tower.heads, " heads, MLP ",
                  tower.intermediate_size, ", ", name_of(tower.activation));
}

std::string patches_of(const VisionTransformerConfig& vision) {
    return concat(", patches of ", vision.patch_size, ", ", vision.tokens(), " tokens");
}
std::string patches_of(const EfficientNetConfig& /*vision*/) {
    return "";
}

std::string tower_line(const EfficientNetConfig& vision) {
    return concat("EfficientNet-Lite, ", vision.blocks.size(), " inverted residual blocks, ",
                  vision.head_channels, " channels at the end");
}

void print_table(const ModelInfo& info) {
    const ModelDescription& model = info.description;
    const PreprocessSpec& spec = model.preprocess;
    const auto vision = [&](auto&& text_of) { return std::visit(text_of, model.vision.network); };
    std::cout << "model          " << printable(info.files.id) << '\n'
              << "family         " << model.family->name << '\n'
              << "format         " << to_string(model.format) << '\n'
              << "weights        " << printable(info.files.weights) << " (" << info.weight_bytes
              << " bytes)\n"
              << "parameters     " << info.parameters << ", " << info.precision << '\n'
              << "hash           " << info.hash << '\n'
              << "image          " << model.vision.image_size() << " x " << model.vision.image_size()
              << vision([](const auto& tower) { return patches_of(tower); }) << '\n'
              << "vision tower   " << vision([](const auto& tower) { return tower_line(tower); }) << '\n';
    if (model.text) {
        std::cout << "text tower     " << tower_line(*model.text) << '\n'
                  << "sentences      up to " << model.text->context_length << " tokens of "
                  << model.text->vocabulary_size
                  << (info.has_tokenizer ? "" : "; no tokenizer beside the model") << '\n';
    } else {
        std::cout << "text tower     none: image queries only\n";
    }
    std::cout << (model.text ? "joint space    " : "vectors        ") << model.vision.projection_dim()
              << " dimensions\n"
              << "preprocessing  short side " << spec.short_side << ", crop " << spec.crop_width << " x "
              << spec.crop_height << ", bicubic, mean " << spec.mean[0] << ' ' << spec.mean[1] << ' '
              << spec.mean[2] << ", deviation " << spec.std[0] << ' ' << spec.std[1] << ' ' << spec.std[2]
              << '\n';
}

Json tower_json(const TransformerConfig& tower) {
    return {{"layers", tower.layers},
            {"width", tower.hidden_size},
            {"heads", tower.heads},
            {"mlp", tower.intermediate_size},
            {"activation", name_of(tower.activation)}};
}

Json vision_json(const EfficientNetConfig& vision) {
    return {{"network", "EfficientNet-Lite"},
            {"layers", vision.blocks.size()},
            {"width", vision.head_channels},
            {"image_size", vision.image_size}};
}

Json vision_json(const VisionTransformerConfig& vision) {
    Json json = tower_json(vision);
    json["image_size"] = vision.image_size;
    json["patch_size"] = vision.patch_size;
    json["tokens"] = vision.tokens();
    return json;
}

void print_json(const ModelInfo& info) {
    const ModelDescription& model = info.description;
    const Json vision =
        std::visit([](const auto& tower) { return vision_json(tower); }, model.vision.network);
    Json text;
    if (model.text) {
        text = tower_json(*model.text);
        text["context_length"] = model.text->context_length;
        text["vocabulary_size"] = model.text->vocabulary_size;
        text["tokenizer"] = info.has_tokenizer;
    }
    const PreprocessSpec& spec = model.preprocess;
    const Json json{{"model", info.files.id},
                    {"family", model.family->name},
                    {"format", to_string(model.format)},
                    {"weights", info.files.weights.string()},
                    {"bytes", info.weight_bytes},
                    {"parameters", info.parameters},
                    {"precision", info.precision},
                    {"hash", info.hash},
                    {"dimension", model.vision.projection_dim()},
                    {"vision", vision},
                    {"text", text},
                    {"preprocessing",
                     {{"short_side", spec.short_side},
                      {"crop", {spec.crop_width, spec.crop_height}},
                      {"mean", spec.mean},
                      {"std", spec.std}}}};
    std::cout << json.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
}

struct InfoFlags {
    std::string model, format = "table";
};

}  // namespace

Command model_info_command(CLI::App& parent, const GlobalOptions& global) {
    CLI::App* command = parent.add_subcommand("info", "Family, sizes, hash and preprocessing of a model");
    const auto flags = std::make_shared<InfoFlags>();
    command->add_option("model", flags->model,
                        "A folder, a file or a known name; without it model.clip of the config");
    command->add_option("--format", flags->format, "table or json")->check(CLI::IsMember({"table", "json"}));
    return {command, [&global, flags] {
                const ModelInfo info =
                    read_model_info(flags->model.empty() ? global.config().model.clip : flags->model);
                flags->format == "json" ? print_json(info) : print_table(info);
                return 0;
            }};
}

}  // namespace clipsim::cli
