#include "multi_similarity.h"
#include "proxy_anchor.h"
#include "supcon.h"
#include "triplet_margin.h"

namespace clipsim {

std::unique_ptr<MetricLoss> make_loss(const TrainConfig& config, int classes, int dimension,
                                      torch::Generator& generator) {
    switch (config.loss) {
        case Loss::triplet:
            return std::make_unique<TripletMarginLoss>(config, generator);
        case Loss::multi_similarity:
            return std::make_unique<MultiSimilarityLoss>(config.multi_similarity);
        case Loss::supcon:
            return std::make_unique<SupConLoss>(config.supcon);
        case Loss::proxy_anchor:
            return std::make_unique<ProxyAnchorLoss>(config.proxy_anchor, classes, dimension);
    }
    return nullptr;
}

}  // namespace clipsim
