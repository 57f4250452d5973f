#include "clipsim/model/model_description.h"

#include "clipsim/core/error.h"
#include "clipsim/core/hash.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

ModelFormat format_of(const ModelFiles& files) {
    if (files.config.empty()) return ModelFormat::openai;
    return files.config.filename() == "open_clip_config.json" ? ModelFormat::open_clip
                                                              : ModelFormat::hugging_face;
}

}  // namespace

ModelDescription describe_model(const ModelFiles& files, const WeightsFile& weights,
                                std::span<const ModelFamily* const> families) {
    ModelSource source{format_of(files), {}, files.preprocessor, weights};
    if (!files.config.empty()) source.config = read_json_file(files.config);
    ModelDescription model = describe_source(source, families);
    const int side = model.vision.image_size();
    if (model.preprocess.crop_width != side || model.preprocess.crop_height != side) {
        throw UsageError(concat(printable(files.preprocessor), ": crop_size: the model takes images of ",
                                side, " x ", side, " pixels"));
    }
    return model;
}

void note_assumed_preprocessing(const ModelFiles& files, const PreprocessSpec& spec) {
    if (format_of(files) == ModelFormat::openai || !files.preprocessor.empty()) return;
    if (read_json_file(files.config).values.contains("preprocess_cfg")) return;  // open_clip's
    log_info(concat(printable(files.folder()),
                    " says nothing about its preprocessing (preprocessor_config.json or "
                    "processor_config.json): assuming a short side of ",
                    spec.short_side, " pixels, a crop of ", spec.crop_width, " x ", spec.crop_height,
                    ", mean ", spec.mean[0], ", ", spec.mean[1], ", ", spec.mean[2], ", deviation ",
                    spec.std[0], ", ", spec.std[1], ", ", spec.std[2]));
}

std::string model_hash(const ModelFiles& files, const WeightsFile& weights, const FileHash& hash) {
    std::string hashes;
    for (const std::filesystem::path& file : weights.files) hashes += hash(file);
    for (const std::filesystem::path& file : {files.config, files.preprocessor}) {
        if (!file.empty()) hashes += hash(file);
    }
    return hash_bytes(std::as_bytes(std::span(hashes)));
}

}  // namespace clipsim
