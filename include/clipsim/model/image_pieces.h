// Images, not operators, are the unit of parallel work on a CPU: each thread takes a few of them through the
// whole network. Threads that share every operator wait for each other dozens of times per image, and spin
// meanwhile: where another program holds one of their cores that takes several times as long.
#pragma once

#include <torch/torch.h>

#include <functional>
#include <vector>

#include "clipsim/core/parallel.h"

namespace clipsim {

class ImagePieces {
  public:
    // What a network makes of some images [n, ...]: one or more tensors [n, ...].
    using Forward = std::function<std::vector<torch::Tensor>(const torch::Tensor& images)>;

    // With as many threads as LibTorch uses when this is made (set_compute_threads).
    ImagePieces();

    // forward(images), [N, ...], computed piece by piece: several at once, each on one thread. One image
    // alone, and images on a GPU, are one piece, computed with all threads. What an image becomes does not
    // depend on the number of threads. forward is called from several threads, in the caller's grad mode
    // and autocast; what it throws is thrown on.
    std::vector<torch::Tensor> run(const torch::Tensor& images, const Forward& forward) const;

  private:
    ThreadPool pool_;
};

}  // namespace clipsim
