// Bounds-checked reading of numbers from bytes: what lies past the end reads as 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace clipsim {

class ByteReader {
  public:
    explicit ByteReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

    std::size_t size() const { return bytes_.size(); }
    std::uint32_t byte(std::size_t i) const {
        return i < bytes_.size() ? std::to_integer<std::uint32_t>(bytes_[i]) : 0;
    }
    std::uint32_t big16(std::size_t i) const { return byte(i) << 8 | byte(i + 1); }
    std::uint32_t big32(std::size_t i) const { return big16(i) << 16 | big16(i + 2); }
    std::uint32_t little16(std::size_t i) const { return byte(i) | byte(i + 1) << 8; }
    std::uint32_t little32(std::size_t i) const { return little16(i) | little16(i + 2) << 16; }
    bool holds(std::size_t i, const char* text) const {
        for (; *text != '\0'; ++text, ++i) {
            if (byte(i) != static_cast<unsigned char>(*text)) return false;
        }
        return true;
    }

  private:
    std::span<const std::byte> bytes_;
};

}  // namespace clipsim
