// One process at a time: flock(2), which the kernel frees however the process ends. It is the kind of lock
// that Python's filelock, and so huggingface_hub, takes.
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>

#include "clipsim/core/files/descriptor.h"

namespace clipsim {

// Takes the lock of an open file, which holds it until it is closed. False where another process has it, or
// the file system knows no locks (errno: not EWOULDBLOCK).
bool try_lock(const Descriptor& file);

// A lock on a file made for it. Its holder may remove the file.
class FileLock {
  public:
    // Waits until nobody else holds it, and says so once: `what` is what somebody else is doing, `kept` what
    // happens to our own work if we are stopped. A file system that knows no locks does without. Throws Error
    // when the file can't be made, Interrupted.
    FileLock(const std::filesystem::path& file, const std::string& what, const char* kept,
             const std::stop_token& stop);

  private:
    Descriptor descriptor_;
};

}  // namespace clipsim
