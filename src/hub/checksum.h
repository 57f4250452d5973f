// The two checksums that a hub states: SHA-256 of a large file (Git LFS), SHA-1 of a small one as a git
// object.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct evp_md_ctx_st;  // OpenSSL's EVP_MD_CTX

namespace clipsim {

struct Checksum {
    enum class Kind { sha256, git_sha1 };
    Kind kind = Kind::sha256;
    std::string hex;  // 64 or 40 lower-case digits

    bool operator==(const Checksum&) const = default;
};

// By its length; nothing where `hex` is neither.
std::optional<Checksum> parse_checksum(std::string_view hex);

// The checksum of bytes that come piece by piece.
class RunningChecksum {
  public:
    // `size` bytes will come: git's checksum begins with it
    // (https://git-scm.com/book/en/v2/Git-Internals-Git-Objects).
    RunningChecksum(Checksum::Kind kind, std::uint64_t size);

    void update(std::string_view bytes);
    // Once.
    std::string hex();

  private:
    struct FreeContext {
        void operator()(evp_md_ctx_st* context) const;
    };
    std::unique_ptr<evp_md_ctx_st, FreeContext> context_;
};

}  // namespace clipsim
