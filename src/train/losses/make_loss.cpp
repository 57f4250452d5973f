#include "one_loss.h"

namespace clipsim {

std::unique_ptr<MetricLoss> make_loss(const TrainConfig& config, int classes, int dimension,
                                      torch::Generator& generator) {
    switch (config.loss) {
        case Loss::triplet:
            return make_triplet_margin(config, generator);
        case Loss::multi_similarity:
            return make_multi_similarity(config.multi_similarity);
        case Loss::supcon:
            return make_supcon(config.supcon);
        case Loss::proxy_anchor:
            return make_proxy_anchor(config.proxy_anchor, classes, dimension);
    }
    return nullptr;
}

}  // namespace clipsim
