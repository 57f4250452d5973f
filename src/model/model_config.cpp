#include "clipsim/model/model_config.h"

#include "clipsim/core/config_table.h"

namespace clipsim {

void add_keys(ConfigTable& table, ModelConfig& config) {
    table.add("model.clip", "The CLIP to start from: a folder in Hugging Face format or a known name",
              config.clip);
    table.add("model.projection_dim", "Dimension of the fine-tuned space", config.projection_dim, 2, 4096);
    table.add("model.precision", "Arithmetic of the encoder; auto picks the fastest that is accurate",
              config.precision);
}

}  // namespace clipsim
