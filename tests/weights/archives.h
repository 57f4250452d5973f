// Archives and pickles put together by hand, so that they can lie.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "file_bytes.h"
#include "message_of.h"

namespace clipsim::testing {

// Bytes as if they were a file's.
inline FileBytes bytes_of(std::string text, const std::string& name = "model.pt") {
    auto kept = std::make_shared<std::string>(std::move(text));
    return {name, {reinterpret_cast<std::byte*>(kept->data()), kept->size()}, kept};
}

template <typename Number>
std::string little_endian(Number value) {
    std::string bytes(sizeof value, '\0');
    std::memcpy(bytes.data(), &value, sizeof value);
    return bytes;
}

struct Entry {
    std::string name, data;
    std::uint16_t method = 0, flags = 0;
    // What the directory says where it differs from the truth.
    std::int64_t stated_size = -1, stated_offset = -1;
};

// A zip archive, without zip64 records.
inline std::string make_zip(const std::vector<Entry>& entries) {
    std::string bytes, directory;
    for (const Entry& entry : entries) {
        const auto offset = static_cast<std::uint32_t>(bytes.size());
        const auto size = static_cast<std::uint32_t>(entry.data.size());
        const auto name_size = static_cast<std::uint16_t>(entry.name.size());
        const auto stated = entry.stated_size < 0 ? size : static_cast<std::uint32_t>(entry.stated_size);
        const std::string common = little_endian<std::uint16_t>(20) + little_endian(entry.flags) +
                                   little_endian(entry.method) + std::string(8, '\0');
        bytes += "PK\x03\x04" + common + little_endian(size) + little_endian(size) +
                 little_endian(name_size) + std::string(2, '\0') + entry.name + entry.data;
        directory += "PK\x01\x02" + little_endian<std::uint16_t>(20) + common + little_endian(stated) +
                     little_endian(stated) + little_endian(name_size) + std::string(12, '\0') +
                     little_endian(
                         entry.stated_offset < 0 ? offset : static_cast<std::uint32_t>(entry.stated_offset)) +
                     entry.name;
    }
    const auto count = static_cast<std::uint16_t>(entries.size());
    return bytes + directory + "PK\x05\x06" + std::string(4, '\0') + little_endian(count) +
           little_endian(count) + little_endian(static_cast<std::uint32_t>(directory.size())) +
           little_endian(static_cast<std::uint32_t>(bytes.size())) + std::string(2, '\0');
}

// ---- pickles, opcode by opcode
inline std::string text(std::string_view value) {
    return 'X' + little_endian(static_cast<std::uint32_t>(value.size())) + std::string(value);
}
inline std::string integer(std::int64_t value) {
    return "\x8a\x08" + little_endian(value);
}
inline std::string global(std::string_view module, std::string_view name) {
    return 'c' + std::string(module) + '\n' + std::string(name) + '\n';
}
inline std::string tuple(std::string_view items) {
    return '(' + std::string(items) + 't';
}
inline std::string dict(std::string_view items) {
    return "}(" + std::string(items) + 'u';
}
inline std::string pickle(std::string_view opcodes) {
    return "\x80\x02" + std::string(opcodes) + '.';
}

struct TensorWords {
    std::string storage = "torch FloatStorage", key = "0";
    std::int64_t elements = 6, offset = 0;
    std::vector<std::int64_t> shape{2, 3}, strides{3, 1};
};
// The call of torch._utils._rebuild_tensor_v2 that stands for a tensor.
inline std::string tensor(const TensorWords& words) {
    const auto blank = words.storage.find(' ');
    std::string shape, strides;
    for (const std::int64_t size : words.shape) shape += integer(size);
    for (const std::int64_t stride : words.strides) strides += integer(stride);
    const std::string storage =
        tuple(text("storage") + global(words.storage.substr(0, blank), words.storage.substr(blank + 1)) +
              text(words.key) + text("cpu") + integer(words.elements)) +
        'Q';
    return global("torch._utils", "_rebuild_tensor_v2") +
           tuple(storage + integer(words.offset) + tuple(shape) + tuple(strides) + '\x89' +
                 global("collections", "OrderedDict") + ")R") +
           'R';
}

// What torch.save would make of such a pickle, with one storage of six floats, 1 to 6.
inline std::string make_archive(const std::string& data_pickle, std::vector<Entry> more = {}) {
    std::string floats;
    for (int i = 1; i <= 6; ++i) floats += little_endian(static_cast<float>(i));
    std::vector<Entry> entries{{"archive/data.pkl", data_pickle}, {"archive/data/0", floats}};
    entries.insert(entries.end(), more.begin(), more.end());
    return make_zip(entries);
}

}  // namespace clipsim::testing
