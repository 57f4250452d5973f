// One of n parts of a collection: each file belongs to one of them, by a hash of its path, so that n machines
// index a collection together without talking to each other.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace clipsim {

struct Shard {
    int number = 1;  // from 1 to count
    int count = 1;
    bool operator==(const Shard&) const = default;

    // path: absolute; machines that share the work see the files under the same paths.
    bool holds(const std::filesystem::path& path) const;
    // The name of the folder in output_dir: index-shard-2-of-8.
    std::string folder_name() const;
    std::string text() const;  // "2/8"
};

// "2/8". Throws UsageError.
Shard parse_shard(const std::string& text);
// What an index notes of itself: text(), or "" where it is no shard.
std::optional<Shard> noted_shard(const std::string& text);

}  // namespace clipsim
