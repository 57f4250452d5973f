// Content hashes (XXH3, 128 bits, https://xxhash.com), as 32 lower-case hexadecimal digits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <stop_token>
#include <string>

namespace clipsim {

std::string hash_bytes(std::span<const std::byte> bytes);
// XXH3 in 64 bits: what is kept beside a small piece of data to see whether it is still what was written.
std::uint64_t checksum(std::span<const std::byte> bytes);
// Throws Error when the file can't be read.
std::string hash_file(const std::filesystem::path& path);
// The same; throws Interrupted soon after a stop is requested.
std::string hash_file_unless_stopped(const std::filesystem::path& path, const std::stop_token& stop);

// The same of bytes that come piece by piece.
class StreamHash {
  public:
    StreamHash();
    ~StreamHash();
    void add(std::span<const std::byte> bytes);
    std::string digest() const;  // of all so far

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace clipsim
