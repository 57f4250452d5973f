// An open file, closed at the end of its scope, and what is done to one in more than one place.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace clipsim {

class Descriptor {
  public:
    Descriptor() = default;
    // open(2) with O_CLOEXEC; where it fails, errno says why and valid() is false.
    Descriptor(const std::filesystem::path& file, int flags, mode_t mode = 0);
    ~Descriptor();
    Descriptor(Descriptor&& other) noexcept;
    Descriptor& operator=(Descriptor&& other) noexcept;

    bool valid() const { return descriptor_ >= 0; }
    int get() const { return descriptor_; }
    // A name by which the open file can be opened again, also when its own name is another file's by now.
    std::filesystem::path path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

  private:
    int descriptor_ = -1;
};

// What errno says.
std::string errno_text();

// Writes all of it at `offset`; false with errno where it can't. `written` counts what got through.
bool write_at(const Descriptor& file, std::span<const std::byte> bytes, std::uint64_t offset,
              std::uint64_t* written = nullptr);

// Names in the folder survive a power cut after this call. Some file systems can't do that: not an error, the
// names are there.
void sync_folder(const std::filesystem::path& folder);

}  // namespace clipsim
