// A moving average of the weights (Polyak and Juditsky 1992; Tarvainen and Valpola 2017,
// https://arxiv.org/abs/1703.01780): it forgets the noise of single steps.
#pragma once

#include <torch/torch.h>

#include <map>
#include <string>

namespace clipsim {

using NamedTensors = std::map<std::string, torch::Tensor>;

class WeightAverage {
  public:
    // Of the parameters as they are. A decay of 0 keeps no average. `parameters` share their storage with the
    // caller's.
    WeightAverage(NamedTensors parameters, double decay);

    // After a step. The first steps count for more, as there is not much to average yet: the decay is at most
    // (1 + steps) / (10 + steps).
    void update();

    // While it lives, the parameters hold the average; then again what they held.
    class Scope {
      public:
        explicit Scope(const WeightAverage& average);
        ~Scope();
        Scope(const Scope&) = delete;
        Scope& operator=(const Scope&) = delete;

      private:
        const WeightAverage& average_;
        NamedTensors own_;
    };

    // For the state of a run.
    const NamedTensors& averages() const { return averages_; }
    std::int64_t steps() const { return steps_; }
    void restore(const NamedTensors& averages, std::int64_t steps);

  private:
    NamedTensors parameters_, averages_;  // no averages: the decay is 0
    double decay_;
    std::int64_t steps_ = 0;
};

}  // namespace clipsim
