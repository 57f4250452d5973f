// The k best of a stream of scored rows.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace clipsim {

struct ScoredRow {
    float score = 0;
    std::int64_t row = -1;
};

// Higher scores first, and of equal ones the lower row.
inline bool comes_before(const ScoredRow& a, const ScoredRow& b) {
    return a.score != b.score ? a.score > b.score : a.row < b.row;
}

// A bounded heap with the worst kept one on top.
class TopK {
  public:
    explicit TopK(std::size_t k) : k_(k) { heap_.reserve(k); }

    // Rows may come in any order.
    void offer(float score, std::int64_t row) {
        if (heap_.size() < k_) {
            heap_.push_back({score, row});
            std::ranges::push_heap(heap_, comes_before);
        } else if (comes_before({score, row}, heap_.front())) {
            std::ranges::pop_heap(heap_, comes_before);
            heap_.back() = {score, row};
            std::ranges::push_heap(heap_, comes_before);
        }
    }

    std::size_t capacity() const { return k_; }
    bool full() const { return heap_.size() == k_; }
    // Of the worst one kept; what is below it is not wanted any more once full().
    float worst_score() const { return heap_.front().score; }
    void merge(const TopK& other) {
        for (const ScoredRow& row : other.heap_) offer(row.score, row.row);
    }

    // Best first. The heap is empty afterwards.
    std::vector<ScoredRow> take() {
        std::ranges::sort_heap(heap_, comes_before);
        return std::move(heap_);
    }

  private:
    std::size_t k_;
    std::vector<ScoredRow> heap_;
};

}  // namespace clipsim
