#include "optimization/weight_average.h"

#include <algorithm>

namespace clipsim {

WeightAverage::WeightAverage(NamedTensors parameters, double decay)
    : parameters_(std::move(parameters)), decay_(decay) {
    if (decay_ == 0) return;
    for (const auto& [name, parameter] : parameters_) averages_.emplace(name, parameter.detach().clone());
}

void WeightAverage::update() {
    if (averages_.empty()) return;
    const torch::NoGradGuard no_grad;
    const auto steps = static_cast<double>(++steps_);
    const double decay = std::min(decay_, (1 + steps) / (10 + steps));
    for (auto& [name, average] : averages_) average.lerp_(parameters_.at(name), 1 - decay);
}

WeightAverage::Scope::Scope(const WeightAverage& average) : average_(average) {
    const torch::NoGradGuard no_grad;
    for (const auto& [name, value] : average_.averages_) {
        torch::Tensor parameter = average_.parameters_.at(name);
        own_.emplace(name, parameter.detach().clone());
        parameter.copy_(value);
    }
}

WeightAverage::Scope::~Scope() {
    const torch::NoGradGuard no_grad;
    for (const auto& [name, value] : own_) torch::Tensor(average_.parameters_.at(name)).copy_(value);
}

void WeightAverage::restore(const NamedTensors& averages, std::int64_t steps) {
    const torch::NoGradGuard no_grad;
    for (auto& [name, average] : averages_) average.copy_(averages.at(name));
    steps_ = steps;
}

}  // namespace clipsim
