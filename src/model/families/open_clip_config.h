// open_clip_config.json (https://github.com/mlfoundations/open_clip): what open_clip keeps beside weights on
// the hub, as far as its families have it in common.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "clipsim/core/json_file.h"
#include "clipsim/image/preprocess.h"
#include "clipsim/model/families/tower_config.h"
#include "config_reader.h"

namespace clipsim {

// The vision tower of timm's that the config names, if it is one.
std::optional<std::string> timm_model_name(const JsonFile& config);

// A key that is not known and would change what a tower computes is refused: better no vectors than wrong
// ones. All throw UsageError naming file and key.
class OpenClipConfig {
  public:
    explicit OpenClipConfig(const JsonFile& config);  // has to outlive it

    int embed_dim() const { return embed_dim_; }
    VisionTransformerConfig transformer() const;  // CLIP's vision tower; ResNets are refused by name
    TextConfig text() const;                      // open_clip's own text transformer
    PreprocessSpec preprocess(int image_size) const;

    // Of vision_cfg, for towers of other kinds.
    ConfigReader vision(std::span<const std::string_view> known_keys) const;
    int image_size() const;

  private:
    std::string name_;
    const nlohmann::json &model_, &vision_, &text_, &preprocess_;
    int embed_dim_ = 0;
    bool quick_gelu_ = false;
};

}  // namespace clipsim
