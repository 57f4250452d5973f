// Random numbers that are the same with every compiler and standard library, unlike <random>'s distributions.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace clipsim {

// splitmix64 (Steele, Lea, Flood 2014).
class Random {
  public:
    static constexpr std::uint64_t step = 0x9E3779B97F4A7C15ULL;

    explicit Random(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        state_ += step;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
        return z ^ (z >> 31);
    }
    // Uniform in [low, high).
    double between(double low, double high) {
        return low + (high - low) * static_cast<double>(next() >> 11) * 0x1.0p-53;
    }
    // Uniform in [0, bound); the bias of the modulus is far below what a shuffle of images could show.
    std::size_t below(std::size_t bound) { return static_cast<std::size_t>(next() % bound); }

    template <typename T>
    void shuffle(std::vector<T>& values) {
        for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[below(i)]);
    }

  private:
    std::uint64_t state_;
};

}  // namespace clipsim
