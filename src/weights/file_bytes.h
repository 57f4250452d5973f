// The bytes of a file, mapped.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace clipsim {

struct FileBytes {
    std::string name;                  // printable, for messages
    std::span<std::byte> bytes;        // private to this process: writing to them does not change the file
    std::shared_ptr<const void> keep;  // what unmaps them

    std::string_view text() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
};

// A little-endian number at `offset`, which the caller has checked.
template <typename Number>
Number number_at(std::span<const std::byte> bytes, std::uint64_t offset) {
    Number value{};
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
}

}  // namespace clipsim
