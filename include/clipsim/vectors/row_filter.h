// Which rows of an index may be found: a bit per row. Rows of deleted images and rows that a search
// leaves out on purpose are both kept out by it.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace clipsim {

class RowFilter {
  public:
    // All of `rows` rows are allowed, or none.
    RowFilter(std::size_t rows, bool allowed)
        : bits_((rows + 63) / 64, allowed ? ~std::uint64_t{0} : 0),
          rows_(rows),
          allowed_(allowed ? rows : 0) {
        if (allowed && rows % 64 != 0) bits_.back() >>= 64 - rows % 64;
    }

    void allow(std::int64_t row) {
        std::uint64_t& word = word_of(row);
        allowed_ += (word & bit_of(row)) == 0 ? 1U : 0U;
        word |= bit_of(row);
    }
    void forbid(std::int64_t row) {
        std::uint64_t& word = word_of(row);
        allowed_ -= (word & bit_of(row)) != 0 ? 1U : 0U;
        word &= ~bit_of(row);
    }
    bool allows(std::int64_t row) const {
        return (bits_[static_cast<std::size_t>(row) / 64] & bit_of(row)) != 0;
    }

    std::size_t rows() const { return rows_; }
    std::size_t allowed() const { return allowed_; }  // how many are
    std::size_t allowed_before(std::int64_t row) const {
        const std::size_t whole = static_cast<std::size_t>(row) / 64;
        std::size_t count = 0;
        for (std::size_t word = 0; word < whole; ++word)
            count += static_cast<std::size_t>(std::popcount(bits_[word]));
        if (row % 64 != 0) count += static_cast<std::size_t>(std::popcount(bits_[whole] & (bit_of(row) - 1)));
        return count;
    }
    // The share of rows that are allowed; 1 of no rows.
    double selectivity() const {
        return rows_ == 0 ? 1.0 : static_cast<double>(allowed_) / static_cast<double>(rows_);
    }

    // Calls visit(row) for each allowed row of [first, last), in ascending order.
    template <typename Visit>
    void for_each_allowed(std::size_t first, std::size_t last, Visit&& visit) const {
        for (std::size_t row = first; row < last;) {
            const std::uint64_t left = bits_[row / 64] >> (row % 64);
            if (left == 0) {
                row = (row / 64 + 1) * 64;
                continue;
            }
            row += static_cast<std::size_t>(std::countr_zero(left));
            if (row < last) visit(static_cast<std::int64_t>(row));
            ++row;
        }
    }

  private:
    std::uint64_t& word_of(std::int64_t row) { return bits_[static_cast<std::size_t>(row) / 64]; }
    static std::uint64_t bit_of(std::int64_t row) { return std::uint64_t{1} << (row % 64); }

    std::vector<std::uint64_t> bits_;
    std::size_t rows_;
    std::size_t allowed_;
};

}  // namespace clipsim
