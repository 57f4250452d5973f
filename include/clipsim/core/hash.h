// Content hashes (XXH3, 128 bits, https://xxhash.com), as 32 lower-case hexadecimal digits.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

namespace clipsim {

std::string hash_bytes(std::span<const std::byte> bytes);
// Throws Error when the file can't be read.
std::string hash_file(const std::filesystem::path& path);

}  // namespace clipsim
