// What to do when the device runs out of memory.
#pragma once

#include <cstdint>
#include <functional>

namespace clipsim {

// Runs `work` and returns true; false when it failed for lack of memory (of the GPU or of the CPU).
// Other errors of LibTorch become clipsim::Error with one line of text.
bool fits_in_memory(const std::function<void()>& work);

// Cuts `count` items into batches of at most `batch_size` and calls work(start, size) for each. When one does
// not fit, batch_size is halved and the work continues from there; it stays halved for the caller's next
// call. Throws OutOfMemoryError when not even one item fits.
void for_each_batch_that_fits(std::int64_t count, std::int64_t& batch_size,
                              const std::function<void(std::int64_t start, std::int64_t size)>& work);

}  // namespace clipsim
