// What a model is, by the text of its config.
#pragma once

#include <gtest/gtest.h>

#include "clipsim/core/error.h"
#include "clipsim/model/families/model_family.h"
#include "message_of.h"

namespace clipsim::testing {

inline ModelDescription described(ModelFormat format, const std::string& config,
                                  const std::filesystem::path& preprocessor = {},
                                  const WeightsFile& weights = {}) {
    const char* name = format == ModelFormat::open_clip ? "open_clip_config.json" : "config.json";
    return describe_source({format, parse_json(config, name), preprocessor, weights}, model_families());
}

inline VisionTransformerConfig transformer_of(const ModelDescription& model) {
    return std::get<VisionTransformerConfig>(model.vision.network);
}

inline ModelDescription open_clip(const std::string& vision, const std::string& text = "{}",
                                  const std::string& more = "") {
    return described(ModelFormat::open_clip, R"({"model_cfg": {"embed_dim": 16, "vision_cfg": )" + vision +
                                                 R"(, "text_cfg": )" + text + more + "}}");
}

inline std::string open_clip_refusal(const std::string& vision, const std::string& text = "{}",
                                     const std::string& more = "") {
    const std::string message = message_of<UsageError>([&] { open_clip(vision, text, more); });
    EXPECT_NE(message.find("open_clip_config.json"), std::string::npos) << message;
    return message;
}

}  // namespace clipsim::testing
