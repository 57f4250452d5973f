// One writer an index: an advisory lock on index/lock, which the kernel frees however the process ends. It is
// an "open file description" lock of fcntl(2): unlike flock(2)'s it can be asked for without being taken.
#pragma once

#include <chrono>
#include <filesystem>
#include <stop_token>

namespace clipsim {

class FolderLock {
  public:
    // Waits, with a message, as long as another process holds it, up to `wait`. Throws Error when it still
    // does then, Interrupted when a stop is requested meanwhile.
    explicit FolderLock(const std::filesystem::path& folder, std::chrono::milliseconds wait = {},
                        const std::stop_token& stop = {});
    ~FolderLock();
    FolderLock(const FolderLock&) = delete;
    FolderLock& operator=(const FolderLock&) = delete;

    // Whether somebody holds it. False where nobody ever did.
    static bool is_held(const std::filesystem::path& folder);

  private:
    bool try_lock(const std::filesystem::path& file) const;

    int descriptor_;
};

}  // namespace clipsim
