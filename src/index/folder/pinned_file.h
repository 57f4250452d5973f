// A file held open: what is read through it stays the same when another one is renamed into its place.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>

namespace clipsim {

class PinnedFile {
  public:
    PinnedFile() = default;
    explicit PinnedFile(const std::filesystem::path& file)
        : descriptor_(::open(file.c_str(), O_RDONLY | O_CLOEXEC)) {}
    ~PinnedFile() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    PinnedFile(PinnedFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    PinnedFile& operator=(PinnedFile&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }

    bool is_open() const { return descriptor_ >= 0; }
    // By this name it can be opened again, also when its own name is another file's by now.
    std::filesystem::path path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

  private:
    int descriptor_ = -1;
};

}  // namespace clipsim
