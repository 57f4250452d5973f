#include "checksum.h"

#include <openssl/evp.h>

#include <algorithm>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"

namespace clipsim {

std::optional<Checksum> parse_checksum(std::string_view hex) {
    if (hex.size() != 64 && hex.size() != 40) return std::nullopt;
    if (hex.find_first_not_of("0123456789abcdef") != std::string_view::npos) return std::nullopt;
    return Checksum{hex.size() == 64 ? Checksum::Kind::sha256 : Checksum::Kind::git_sha1, std::string(hex)};
}

RunningChecksum::RunningChecksum(Checksum::Kind kind, std::uint64_t size) : context_(EVP_MD_CTX_new()) {
    const EVP_MD* algorithm = kind == Checksum::Kind::sha256 ? EVP_sha256() : EVP_sha1();
    if (!context_ || EVP_DigestInit_ex(context_.get(), algorithm, nullptr) != 1) {
        throw Error("the system's OpenSSL computes no checksums");
    }
    if (kind == Checksum::Kind::git_sha1) {
        std::string header = concat("blob ", size);
        header += '\0';
        update(header);
    }
}

void RunningChecksum::FreeContext::operator()(evp_md_ctx_st* context) const {
    EVP_MD_CTX_free(context);
}

void RunningChecksum::update(std::string_view bytes) {
    EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
}

std::string RunningChecksum::hex() {
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    EVP_DigestFinal_ex(context_.get(), bytes, &length);
    static constexpr char digits[] = "0123456789abcdef";
    std::string result;
    for (unsigned i = 0; i < length; ++i) {
        result += digits[bytes[i] >> 4U];
        result += digits[bytes[i] & 0xFU];
    }
    return result;
}

}  // namespace clipsim
