// One writer an index: an advisory lock on index/lock, which the kernel frees however the process ends.
#pragma once

#include <filesystem>

namespace clipsim {

class FolderLock {
  public:
    // Throws Error when another process holds it.
    explicit FolderLock(const std::filesystem::path& folder);
    ~FolderLock();
    FolderLock(const FolderLock&) = delete;
    FolderLock& operator=(const FolderLock&) = delete;

  private:
    int descriptor_;
};

}  // namespace clipsim
