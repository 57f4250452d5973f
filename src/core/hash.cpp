#include "clipsim/core/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "clipsim/core/error.h"
#include "clipsim/core/interrupt.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

std::string to_hex(XXH128_hash_t hash) {
    char text[33];
    std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(hash.high64),
                  static_cast<unsigned long long>(hash.low64));
    return text;
}

struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
};
}  // namespace

std::string hash_bytes(std::span<const std::byte> bytes) {
    return to_hex(XXH3_128bits(bytes.data(), bytes.size()));
}

std::uint64_t checksum(std::span<const std::byte> bytes) {
    return XXH3_64bits(bytes.data(), bytes.size());
}

std::string hash_file(const std::filesystem::path& path) {
    return hash_file_unless_stopped(path, {});
}

std::string hash_file_unless_stopped(const std::filesystem::path& path, const std::stop_token& stop) {
    const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "rbe"));
    if (!file) throw Error(concat("cannot read ", printable(path), ": ", std::strerror(errno)));
    StreamHash hash;
    std::vector<std::byte> buffer(std::size_t{1} << 20);
    while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), file.get())) {
        hash.add(std::span(buffer).first(got));
        throw_if_stopped(stop, "nothing was changed");
    }
    if (std::ferror(file.get()) != 0)
        throw Error(concat("cannot read ", printable(path), ": ", std::strerror(errno)));
    return hash.digest();
}

struct StreamHash::Impl {
    struct FreeState {
        void operator()(XXH3_state_t* owned) const { XXH3_freeState(owned); }
    };
    std::unique_ptr<XXH3_state_t, FreeState> state{XXH3_createState()};  // aligned as XXH3 needs it
};

StreamHash::StreamHash() : impl_(std::make_unique<Impl>()) {
    XXH3_128bits_reset(impl_->state.get());
}

StreamHash::~StreamHash() = default;

void StreamHash::add(std::span<const std::byte> bytes) {
    XXH3_128bits_update(impl_->state.get(), bytes.data(), bytes.size());
}

std::string StreamHash::digest() const {
    return to_hex(XXH3_128bits_digest(impl_->state.get()));
}

}  // namespace clipsim
