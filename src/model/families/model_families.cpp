#include "clipsim/model/families/model_family.h"

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"
#include "config_reader.h"
#include "families.h"

namespace clipsim {

namespace {

// What says of another model which it is.
std::string kind_of(const ModelSource& source) {
    for (const auto& path :
         {std::vector{"model_type"}, std::vector{"model_cfg", "vision_cfg", "timm_model_name"}}) {
        const nlohmann::json value = value_at(source.config.values, path);
        if (value.is_null()) continue;
        const std::string shown = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
        return concat(path.back(), " ", printable(shown.substr(0, 100)), " is not supported");
    }
    return "a model of no family that clipsim knows";
}

}  // namespace

std::string to_string(ModelFormat format) {
    switch (format) {
        case ModelFormat::hugging_face:
            return "Hugging Face";
        case ModelFormat::open_clip:
            return "open_clip";
        default:
            return "OpenAI";
    }
}

std::span<const ModelFamily* const> model_families() {
    return all_families;
}

ModelDescription describe_source(const ModelSource& source, std::span<const ModelFamily* const> families) {
    for (const ModelFamily* family : families) {
        if (!family->recognises(source)) continue;
        ModelDescription model = family->describe(source);
        model.family = family;
        model.format = source.format;
        return model;
    }
    std::string known;
    for (const ModelFamily* family : families)
        known += concat(known.empty() ? "" : ", ", family->name, " (", family->recognised_by, ")");
    const std::string file = source.config.name.empty() ? printable(source.weights.path) : source.config.name;
    throw UsageError(concat(file, ": ", kind_of(source), "; clipsim knows ", known));
}

}  // namespace clipsim
