// What the fuzz targets share.
#pragma once

#include <cstdint>
#include <string_view>

#include "clipsim/weights/weights_file.h"
#include "file_bytes.h"

namespace clipsim::testing {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

inline FileBytes file_of(const std::uint8_t* data, std::size_t size) {
    // The readers only read.
    return {"file", {reinterpret_cast<std::byte*>(const_cast<std::uint8_t*>(data)), size}, nullptr};
}

// Reads the ends of every tensor where its shape and strides say they are: AddressSanitizer sees one that
// reaches beyond its file.
inline void touch(const WeightsFile& file) {
    for (const auto& [name, tensor] : file.tensors) {
        if (tensor.elements() == 0) continue;
        std::int64_t last = 0;
        for (std::size_t i = 0; i < tensor.shape.size(); ++i)
            last += (tensor.shape[i] - 1) * tensor.strides[i];
        const auto end = static_cast<std::size_t>(last + 1) * size_of(tensor.dtype);
        if (end != tensor.bytes.size()) __builtin_trap();
        const volatile std::byte first_byte = tensor.bytes.front(), last_byte = tensor.bytes.back();
        (void)first_byte;
        (void)last_byte;
    }
}

}  // namespace clipsim::testing
