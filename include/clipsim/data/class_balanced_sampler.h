// Batches of P classes x K images ("PK sampling", Hermans et al. 2017, https://arxiv.org/abs/1703.07737), so
// that every anchor has positives and negatives in its batch.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace clipsim {

class ClassBalancedSampler {
  public:
    // labels[i] is the class of sample i. Classes with one sample serve as negatives only.
    // P is lowered to the number of classes; a class with fewer than K samples gives all it has.
    ClassBalancedSampler(std::span<const int> labels, int classes_per_batch, int images_per_class,
                         std::uint64_t seed);

    // The batches of an epoch, each a list of sample indices. The same seed and epoch give the same batches.
    // Every sample of the larger classes is visited about once an epoch.
    std::vector<std::vector<std::size_t>> epoch(int epoch) const;

  private:
    std::vector<std::vector<std::size_t>> by_class_;
    std::size_t classes_per_batch_;
    std::size_t images_per_class_;
    std::size_t samples_;
    std::uint64_t seed_;
};

}  // namespace clipsim
