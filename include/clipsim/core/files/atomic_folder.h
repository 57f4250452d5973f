// A new folder that appears whole or not at all.
#pragma once

#include <filesystem>

namespace clipsim {

class AtomicFolder {
  public:
    // Under construction beside the target. Throws UsageError where the target exists and is not an
    // empty folder, Error where it can't be written.
    explicit AtomicFolder(const std::filesystem::path& target);
    ~AtomicFolder();  // removes what was not committed
    AtomicFolder(const AtomicFolder&) = delete;
    AtomicFolder& operator=(const AtomicFolder&) = delete;

    const std::filesystem::path& path() const { return temporary_; }
    // Makes it the target, on disk for good; its files are synced by those who wrote them. An empty folder
    // gives way. Throws Error.
    void commit();

  private:
    std::filesystem::path target_, temporary_;
    bool committed_ = false;
};

}  // namespace clipsim
