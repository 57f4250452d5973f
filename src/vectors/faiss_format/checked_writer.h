// Where FAISS writes an index to: a file each of whose writes is checked, with the hash of what was written.
#pragma once

#include <faiss/impl/io.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "clipsim/core/hash.h"

namespace clipsim {

// FAISS's own writer says nothing when the last block does not fit onto the disk.
class CheckedWriter : public faiss::IOWriter {
  public:
    // Throws Error when the file can't be created.
    explicit CheckedWriter(const std::filesystem::path& file);
    size_t operator()(const void* data, size_t size, size_t count) override;  // throws Error
    std::uint64_t size() const { return size_; }                              // bytes written so far
    // Everything is on the disk afterwards. Returns the hash of what was written, as hash_file would of a
    // file that holds it. Throws Error.
    std::string finish();

  private:
    struct Close {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    [[noreturn]] void fail() const;

    std::filesystem::path path_;
    std::unique_ptr<std::FILE, Close> file_;
    StreamHash hash_;
    std::uint64_t size_ = 0;
};

}  // namespace clipsim
