#include "clipsim/core/hash_cache.h"

#include <nlohmann/json.hpp>

#include "clipsim/core/error.h"
#include "clipsim/core/files/atomic_file.h"
#include "clipsim/core/files/descriptor.h"
#include "clipsim/core/hash.h"
#include "clipsim/core/text.h"

namespace clipsim {

HashCache::HashCache(std::filesystem::path file) : file_(std::move(file)) {
    try {
        const nlohmann::json all = nlohmann::json::parse(read_file(file_, 1 << 20));
        for (const auto& [path, json] : all.items()) {
            entries_[path] = {
                {{json.at("size").get<std::uint64_t>(), json.at("mtime_ns").get<std::int64_t>()},
                 json.at("inode").get<std::uint64_t>(),
                 json.at("ctime_ns").get<std::int64_t>()},
                json.at("hash").get<std::string>()};
        }
    } catch (const Error&) {
        entries_.clear();
    } catch (const nlohmann::json::exception&) {
        entries_.clear();
    }
}

std::string HashCache::hash(const std::filesystem::path& path, const std::stop_token& stop) {
    const std::string name = std::filesystem::absolute(path).lexically_normal().string();
    const std::optional<StatStamp> stamp = stat_stamp(path);
    if (!stamp) throw Error(concat("cannot read ", printable(path), ": ", errno_text()));
    if (const auto known = entries_.find(name); known != entries_.end() && known->second.stamp == *stamp)
        return known->second.hash;
    const std::string hash = hash_file_unless_stopped(path, stop);
    if (stamp->is_settled() && stat_stamp(path) == stamp) {
        entries_[name] = {*stamp, hash};
        changed_ = true;
    }
    return hash;
}

void HashCache::save() const {
    if (!changed_) return;
    nlohmann::ordered_json json = nlohmann::ordered_json::object();
    for (const auto& [path, entry] : entries_) {
        json[path] = {{"size", entry.stamp.size},
                      {"inode", entry.stamp.inode},
                      {"mtime_ns", entry.stamp.mtime_ns},
                      {"ctime_ns", entry.stamp.ctime_ns},
                      {"hash", entry.hash}};
    }
    try {
        // A path that is no UTF-8 comes back changed, and is then not found.
        write_file_atomically(
            file_, json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
    } catch (const Error&) {  // see the header
    }
}

}  // namespace clipsim
