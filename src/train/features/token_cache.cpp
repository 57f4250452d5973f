#include "features/token_cache.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <vector>

#include "clipsim/core/error.h"
#include "clipsim/core/files/file_lock.h"
#include "clipsim/core/hash.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

// A record: the key, a hash of the data, the data.
constexpr std::size_t hash_chars = 32;
constexpr std::size_t header_bytes = 2 * hash_chars;

std::size_t data_bytes(std::int64_t tokens, std::int64_t width) {
    return static_cast<std::size_t>(tokens * width) * sizeof(at::Half);
}

}  // namespace

std::int64_t TokenCache::bytes_for(std::int64_t count, std::int64_t tokens, std::int64_t width) {
    return count * static_cast<std::int64_t>(header_bytes + data_bytes(tokens, width));
}

TokenCache::TokenCache(const std::filesystem::path& file, std::int64_t tokens, std::int64_t width,
                       std::int64_t max_bytes, bool to_write)
    : file_(file),
      tokens_(tokens),
      width_(width),
      max_bytes_(max_bytes),
      record_bytes_(header_bytes + data_bytes(tokens, width)) {
    descriptor_ = Descriptor(file, O_RDWR | O_CREAT, 0644);
    if (descriptor_.valid()) {
        writable_ = to_write && try_lock(descriptor_);
    } else {
        descriptor_ = Descriptor(file, O_RDONLY);
    }
    if (!descriptor_.valid()) return;
    // Room for what is going to be appended: pages behind the end of the file are not touched before they are
    // there.
    const std::uint64_t size = size_of_file();
    mapping_ = MappedFile(descriptor_, file_,
                          std::max<std::uint64_t>({size, static_cast<std::uint64_t>(max_bytes_), 1}),
                          MappedFile::Kind::shared);
    find_new_records();
}

std::uint64_t TokenCache::size_of_file() const {
    struct stat info {};
    if (::fstat(descriptor_.get(), &info) != 0)
        throw Error(concat("cannot read ", printable(file_), ": ", errno_text()));
    return static_cast<std::uint64_t>(info.st_size);
}

void TokenCache::find_new_records() {
    if (!descriptor_.valid()) return;
    const std::size_t size = std::min<std::size_t>(size_of_file(), mapping_.bytes().size());
    for (; (count_ + 1) * record_bytes_ <= size; ++count_) {
        const auto* text = reinterpret_cast<const char*>(record(count_));
        const std::span<const std::byte> data(record(count_) + header_bytes, record_bytes_ - header_bytes);
        if (hash_bytes(data) != std::string_view(text + hash_chars, hash_chars)) continue;
        records_.emplace(std::string(text, hash_chars), count_);
    }
}

const std::byte* TokenCache::record(std::size_t index) const {
    return mapping_.bytes().data() + index * record_bytes_;
}

torch::Tensor TokenCache::read(const std::string& key) const {
    const std::byte* data = record(records_.at(key)) + header_bytes;
    // LibTorch only reads it.
    return torch::from_blob(const_cast<std::byte*>(data), {tokens_, width_}, torch::kHalf)
        .to(torch::kFloat32);
}

void TokenCache::put(const std::string& key, const torch::Tensor& tokens) {
    if (!writable_ || contains(key)) return;
    const std::size_t offset = count_ * record_bytes_;
    if (offset + record_bytes_ > mapping_.bytes().size()) {
        log_warning(
            concat(printable(file_), " is full (train.cache_gb); the rest is computed again each time"));
        writable_ = false;
        return;
    }
    const torch::Tensor halves = tokens.to(torch::kCPU, torch::kHalf).contiguous();
    std::vector<std::byte> bytes(record_bytes_);
    std::memcpy(bytes.data() + header_bytes, halves.const_data_ptr(), record_bytes_ - header_bytes);
    const std::string checksum = hash_bytes(std::span(bytes).subspan(header_bytes));
    std::memcpy(bytes.data(), key.data(), hash_chars);
    std::memcpy(bytes.data() + hash_chars, checksum.data(), hash_chars);
    if (!write_at(descriptor_, bytes, offset)) {
        log_warning(concat("cannot write ", printable(file_), ": ", errno_text(),
                           "; the rest is computed again each time"));
        writable_ = false;
        return;
    }
    records_.emplace(key, count_++);
}

}  // namespace clipsim
