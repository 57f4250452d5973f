// The bytes of a file in memory, read as they are touched.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

#include "clipsim/core/files/descriptor.h"

namespace clipsim {

// May be read by several threads at once. The file may be closed, renamed and removed while it is mapped.
class MappedFile {
  public:
    enum class Kind {
        shared,       // read only; what others write to the file shows
        private_copy  // may be written to: that stays in this process
    };

    MappedFile() = default;  // of nothing
    // All of a regular file. Throws UsageError when it can't be read or is none.
    MappedFile(const std::filesystem::path& file, Kind kind);
    // The first `size` bytes of an open file, which may not have them yet: what lies beyond its end must not
    // be touched before it has grown. Throws Error; `name` is for the message.
    MappedFile(const Descriptor& file, const std::filesystem::path& name, std::size_t size, Kind kind);
    ~MappedFile();
    MappedFile(MappedFile&& other) noexcept;
    MappedFile& operator=(MappedFile&& other) noexcept;

    std::span<const std::byte> bytes() const { return bytes_; }
    // Pages of a shared one that were touched no longer count as this process's memory: for who reads a large
    // file once, from front to back.
    void let_go() const;
    std::span<std::byte> writable_bytes() { return bytes_; }  // of a private one

  private:
    std::span<std::byte> bytes_;
};

}  // namespace clipsim
