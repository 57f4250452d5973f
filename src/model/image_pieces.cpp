#include "clipsim/model/image_pieces.h"

#include <ATen/Parallel.h>
#include <ATen/ThreadLocalState.h>
#include <ATen/autocast_mode.h>

namespace clipsim {

namespace {

// Large enough for the matrix products to be as fast per image as those of whole batches, small enough for
// all threads to have work until the end.
constexpr std::int64_t images_per_piece = 4;

// LibTorch's operators, called from this thread, use so many threads while it lives.
class Threads {
  public:
    explicit Threads(int count) : before_(at::get_num_threads()) { at::set_num_threads(count); }
    ~Threads() { at::set_num_threads(before_); }
    Threads(const Threads&) = delete;
    Threads& operator=(const Threads&) = delete;

  private:
    int before_;
};

}  // namespace

ImagePieces::ImagePieces() : pool_(at::get_num_threads()) {}

std::vector<torch::Tensor> ImagePieces::run(const torch::Tensor& images, const Forward& forward) const {
    const std::int64_t count = images.size(0);
    if (!images.is_cpu() || count <= 1) return forward(images);
    const std::vector<torch::Tensor> pieces = images.split(images_per_piece);
    std::vector<std::vector<torch::Tensor>> results(pieces.size());
    const at::ThreadLocalState caller;
    const at::ScalarType autocast = at::autocast::get_autocast_dtype(torch::kCPU);  // not part of that state
    // The number is each thread's own, but threads that LibTorch starts later take the last that any was
    // given.
    const Threads all(at::get_num_threads());
    pool_.parallel_for(pieces.size(), 1, [&](std::size_t begin, std::size_t end, std::size_t) {
        const at::ThreadLocalStateGuard as_caller(caller);
        at::autocast::set_autocast_dtype(torch::kCPU, autocast);
        const Threads alone(1);
        for (std::size_t i = begin; i < end; ++i) results[i] = forward(pieces[i]);
    });
    std::vector<torch::Tensor> joined;
    for (std::size_t output = 0; output < results.front().size(); ++output) {
        std::vector<torch::Tensor> parts;
        for (const std::vector<torch::Tensor>& result : results) parts.push_back(result[output]);
        joined.push_back(torch::cat(parts));
    }
    return joined;
}

}  // namespace clipsim
