// One process at a time downloads a blob: an advisory lock, the same that Python's huggingface_hub takes
// (.locks/models--OWNER--NAME/ETAG.lock in the cache). The kernel frees it however the process ends.
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>

namespace clipsim {

class FileLock {
  public:
    // Waits until nobody else holds it, and says so once: `what` is what somebody else is doing. A file
    // system that knows no locks does without. Throws Error when the file can't be made, Interrupted.
    FileLock(const std::filesystem::path& file, const std::string& what, const std::stop_token& stop);
    ~FileLock();
    FileLock(const FileLock&) = delete;
    FileLock& operator=(const FileLock&) = delete;

  private:
    int descriptor_ = -1;
};

}  // namespace clipsim
