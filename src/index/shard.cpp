#include "clipsim/index/shard.h"

#include <cstdint>
#include <optional>
#include <span>

#include "clipsim/core/error.h"
#include "clipsim/core/hash.h"
#include "clipsim/core/strings.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

constexpr int most_shards = 100'000;

}  // namespace

bool Shard::holds(const std::filesystem::path& path) const {
    const std::string hash = hash_bytes(std::as_bytes(std::span(path.native())));
    const std::uint64_t number_of_path = std::stoull(hash.substr(0, 16), nullptr, 16);
    return number_of_path % static_cast<std::uint64_t>(count) == static_cast<std::uint64_t>(number - 1);
}

std::string Shard::folder_name() const {
    return concat("index-shard-", number, "-of-", count);
}

std::string Shard::text() const {
    return concat(number, "/", count);
}

std::optional<Shard> noted_shard(const std::string& text) {
    if (text.empty()) return std::nullopt;
    return parse_shard(text);
}

Shard parse_shard(const std::string& text) {
    const auto slash = text.find('/');
    if (slash != std::string::npos) {
        const std::optional<int> number = parse_number<int>(std::string_view(text).substr(0, slash));
        const std::optional<int> count = parse_number<int>(std::string_view(text).substr(slash + 1));
        if (number && count && *number >= 1 && *number <= *count && *count <= most_shards)
            return {*number, *count};
    }
    throw UsageError(concat("--shard ", printable(text),
                            ": expected I/N with I from 1 to N, e.g. 2/8 on the second of eight machines"));
}

}  // namespace clipsim
