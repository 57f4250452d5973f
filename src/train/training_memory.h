// Running out of memory while training.
#pragma once

#include <functional>

namespace clipsim {

// Runs `work`. Lack of memory, of the GPU or of the CPU, becomes OutOfMemoryError that names the config keys
// to lower; other errors of LibTorch become clipsim::Error.
void run_training_work(const std::function<void()>& work);

}  // namespace clipsim
