// A file while it is downloaded: it grows at the end, its checksum grows along, it stays when the process
// ends or this object goes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string_view>

#include "checksum.h"
#include "clipsim/core/files/descriptor.h"

namespace clipsim {

class PartialFile {
  public:
    // Continues the file where it exists and is not longer than `whole` bytes; reads what is there for the
    // checksum of that kind (none: nothing to compute). Throws Error, Interrupted.
    PartialFile(std::filesystem::path path, std::uint64_t whole, std::optional<Checksum::Kind> kind,
                const std::stop_token& stop);

    std::uint64_t size() const { return size_; }
    // Throws Error (disk full); what was written before is kept.
    void append(std::string_view bytes);
    // Empties it.
    void restart();
    void remove();
    // Whether the bytes have that checksum. The file is whole; once.
    bool matches(const Checksum& checksum);
    // Makes it `target`, on disk for good. Throws Error.
    void commit(const std::filesystem::path& target);

  private:
    void read_existing(const std::stop_token& stop);
    [[noreturn]] void fail() const;

    std::filesystem::path path_;
    std::uint64_t whole_;
    std::optional<Checksum::Kind> kind_;
    std::optional<RunningChecksum> checksum_;
    Descriptor descriptor_;
    std::uint64_t size_ = 0;
};

}  // namespace clipsim
