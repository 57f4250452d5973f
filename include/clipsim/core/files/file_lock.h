// One process at a time, by a lock that the kernel frees however the process ends.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>

#include "clipsim/core/files/descriptor.h"

namespace clipsim {

// Takes flock(2)'s lock of an open file, which holds it until it is closed. False where another process has
// it, or the file system knows no locks (errno: not EWOULDBLOCK).
bool try_lock(const Descriptor& file);

// A lock on a file made for it. Its holder may remove the file.
class FileLock {
  public:
    enum class Kind {
        flock,  // that Python's filelock, and so huggingface_hub, takes; where the file system knows no
                // locks it is done without
        ofd     // fcntl(2)'s of an open file description, which can be asked for without being taken
    };

    // Waits until nobody else holds it, up to `wait` (absent: for as long as it takes), and says so once:
    // `other` is who does what ("another clipsim is updating output/index"), `kept` what happens to our own
    // work if we are stopped. Throws Error when the file can't be made or somebody still holds it then,
    // Interrupted.
    FileLock(const std::filesystem::path& file, const std::string& other, const char* kept,
             const std::stop_token& stop, Kind kind = Kind::flock,
             std::optional<std::chrono::milliseconds> wait = std::nullopt);

    // Whether somebody holds the lock, of Kind::ofd. False where nobody ever did.
    static bool is_held(const std::filesystem::path& file);

  private:
    Descriptor descriptor_;
};

}  // namespace clipsim
