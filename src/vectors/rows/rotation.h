// A fixed rotation of vectors, so that none has much in a few dimensions: bytes then take about as little
// from any vector as from a random one. Embeddings want it: where the largest value is 12 times the usual
// one, 127 steps for the largest leave 11 for the usual one.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace clipsim {

// Random signs (always the same), then a Walsh-Hadamard transform, as in Ailon and Chazelle's "The Fast
// Johnson-Lindenstrauss Transform" (SIAM J. Comput. 2009). Where the dimension is no power of two: one
// transform of the first dimensions, one of the last, which overlap. Orthogonal, so inner products stay, but
// for rounding.
class Rotation {
  public:
    Rotation() = default;  // of no dimensions
    explicit Rotation(std::size_t dimension);
    void apply(std::span<float> vector) const;  // in place

  private:
    std::vector<float> signs_;  // with the transform's scale
};

}  // namespace clipsim
