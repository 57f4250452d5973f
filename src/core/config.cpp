#include "clipsim/core/config.h"

#include <algorithm>
#include <cmath>

namespace clipsim {

int TrainConfig::stage1_epochs() const {
    if (stage1.epochs) return *stage1.epochs;
    return std::max(epochs > 0 ? 1 : 0, static_cast<int>(std::lround(epochs / 3.0)));
}

int TrainConfig::stage2_epochs() const {
    return stage2.epochs.value_or(std::max(0, epochs - stage1_epochs()));
}

}  // namespace clipsim
