#include "clipsim/data/class_balanced_sampler.h"

#include <algorithm>
#include <map>

#include "clipsim/core/random.h"

namespace clipsim {

namespace {

// Hands out the indices of one class in random order, again and again.
class ClassDeck {
  public:
    ClassDeck(std::vector<std::size_t> samples, Random& random) : samples_(std::move(samples)) {
        random.shuffle(samples_);
    }

    void deal(std::size_t count, Random& random, std::vector<std::size_t>& batch) {
        count = std::min(count, samples_.size());
        if (next_ + count > samples_.size()) {  // not enough left for distinct ones: start over
            random.shuffle(samples_);
            next_ = 0;
        }
        batch.insert(batch.end(), samples_.begin() + static_cast<std::ptrdiff_t>(next_),
                     samples_.begin() + static_cast<std::ptrdiff_t>(next_ + count));
        next_ += count;
    }

  private:
    std::vector<std::size_t> samples_;
    std::size_t next_ = 0;
};

}  // namespace

ClassBalancedSampler::ClassBalancedSampler(std::span<const int> labels, int classes_per_batch,
                                           int images_per_class, std::uint64_t seed)
    : images_per_class_(static_cast<std::size_t>(images_per_class)), samples_(labels.size()), seed_(seed) {
    std::map<int, std::vector<std::size_t>> by_label;
    for (std::size_t i = 0; i < labels.size(); ++i) by_label[labels[i]].push_back(i);
    for (auto& [label, samples] : by_label) by_class_.push_back(std::move(samples));
    classes_per_batch_ = std::min(static_cast<std::size_t>(classes_per_batch), by_class_.size());
}

std::vector<std::vector<std::size_t>> ClassBalancedSampler::epoch(int epoch) const {
    Random random(seed_ * 0x100000001B3ULL + static_cast<std::uint64_t>(epoch));
    std::vector<ClassDeck> decks;
    decks.reserve(by_class_.size());
    for (const std::vector<std::size_t>& samples : by_class_) decks.emplace_back(samples, random);

    const std::size_t per_batch = std::max<std::size_t>(1, classes_per_batch_ * images_per_class_);
    const std::size_t batches = (samples_ + per_batch - 1) / per_batch;
    std::vector<std::size_t> order;  // classes still to be visited in this round
    std::vector<std::vector<std::size_t>> result(batches);
    for (std::vector<std::size_t>& batch : result) {
        std::vector<std::size_t> chosen;
        while (chosen.size() < classes_per_batch_) {
            if (order.empty()) {
                for (std::size_t i = 0; i < by_class_.size(); ++i) order.push_back(i);
                random.shuffle(order);
                // A class that is in this batch already waits for the next.
                std::stable_partition(order.begin(), order.end(), [&](std::size_t label) {
                    return std::ranges::find(chosen, label) != chosen.end();
                });
            }
            chosen.push_back(order.back());
            order.pop_back();
        }
        for (const std::size_t label : chosen) decks[label].deal(images_per_class_, random, batch);
    }
    return result;
}

}  // namespace clipsim
