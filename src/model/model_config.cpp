#include "clipsim/model/model_config.h"

#include "clipsim/core/config_table.h"

namespace clipsim {

const EnumNames<Precision>& names_of(Precision) {
    static const EnumNames<Precision> names{{"auto", Precision::automatic},
                                            {"fp32", Precision::fp32},
                                            {"bf16", Precision::bf16},
                                            {"int8", Precision::int8}};
    return names;
}

const EnumNames<Amp>& names_of(Amp) {
    static const EnumNames<Amp> names{
        {"auto", Amp::automatic}, {"off", Amp::off}, {"bf16", Amp::bf16}, {"fp16", Amp::fp16}};
    return names;
}

void add_keys(ConfigTable& table, ModelConfig& config) {
    table.add("model.clip", "The CLIP to start from: a folder in Hugging Face format or a known name",
              config.clip);
    table.add("model.projection_dim", "Dimension of the fine-tuned space", config.projection_dim, 2, 4096);
    table.add("model.precision", "Arithmetic of the encoder; auto picks the fastest that is accurate",
              config.precision);
}

}  // namespace clipsim
