#include <algorithm>

#include "clipsim/core/error.h"
#include "clipsim/core/json_file.h"
#include "clipsim/core/text.h"
#include "clipsim/image/preprocess.h"

namespace clipsim {

namespace {

using nlohmann::json;

constexpr int bicubic_resample = 3;  // PIL.Image.BICUBIC
constexpr int max_side = 8192;

// One key of preprocessor_config.json, checked.
class SpecReader {
  public:
    SpecReader(const json& values, std::string file) : values_(values), file_(std::move(file)) {}

    [[noreturn]] void refuse(const std::string& key, const std::string& expected) const {
        throw UsageError(concat(file_, ": ", key, ": expected ", expected, ", got ",
                                values_.contains(key) ? values_[key].dump() : std::string("nothing")));
    }

    int side(const std::string& key, const json& value) const {
        if (!value.is_number_integer() || value < 1 || value > max_side) refuse(key, "a size from 1 to 8192");
        return value.get<int>();
    }

    void require_true(const std::string& key) const {
        if (values_.contains(key) && values_[key] != true) refuse(key, "true");
    }

    std::array<float, 3> triple(const std::string& key, const std::array<float, 3>& otherwise) const {
        if (!values_.contains(key)) return otherwise;
        const json& value = values_[key];
        const auto is_number = [](const json& item) { return item.is_number(); };
        if (!value.is_array() || value.size() != 3 || !std::all_of(value.begin(), value.end(), is_number)) {
            refuse(key, "three numbers");
        }
        return {value[0].get<float>(), value[1].get<float>(), value[2].get<float>()};
    }

  private:
    const json& values_;
    std::string file_;
};

}  // namespace

PreprocessSpec read_preprocess_spec(const std::filesystem::path& file) {
    return parse_preprocess_spec(read_json_file(file));
}

PreprocessSpec parse_preprocess_spec(const JsonFile& file) {
    // Of processor_config.json, which is about sentences too, the part about images.
    const bool is_part = file.values.contains("image_processor");
    const json& values = is_part ? file.values["image_processor"] : file.values;
    const SpecReader reader(values, is_part ? file.name + ": image_processor" : file.name);
    if (!values.is_object()) throw UsageError(concat(file.name, ": image_processor: expected an object"));
    PreprocessSpec spec;
    for (const char* step : {"do_resize", "do_center_crop", "do_rescale", "do_normalize"})
        reader.require_true(step);
    if (values.value("resample", json(bicubic_resample)) != bicubic_resample)
        reader.refuse("resample", "3 (bicubic)");

    if (!values.contains("size")) reader.refuse("size", "a size");
    const json& size = values["size"];
    if (size.is_object() && !size.contains("shortest_edge"))
        reader.refuse("size", R"({"shortest_edge": ...})");
    spec.short_side = reader.side("size", size.is_object() ? size["shortest_edge"] : size);
    const json crop = values.value("crop_size", json(spec.short_side));
    if (crop.is_object() && (!crop.contains("height") || !crop.contains("width"))) {
        reader.refuse("crop_size", R"({"height": ..., "width": ...})");
    }
    spec.crop_width = reader.side("crop_size", crop.is_object() ? crop["width"] : crop);
    spec.crop_height = reader.side("crop_size", crop.is_object() ? crop["height"] : crop);

    spec.mean = reader.triple("image_mean", spec.mean);
    spec.std = reader.triple("image_std", spec.std);
    if (std::ranges::any_of(spec.std, [](float value) { return !(value > 0); })) {
        reader.refuse("image_std", "three numbers above 0");
    }
    if (values.contains("rescale_factor")) {
        if (!values["rescale_factor"].is_number()) reader.refuse("rescale_factor", "a number");
        spec.rescale = values["rescale_factor"].get<float>();
    }
    return spec;
}

}  // namespace clipsim
