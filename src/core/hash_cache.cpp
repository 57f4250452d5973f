#include "clipsim/core/hash_cache.h"

#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <nlohmann/json.hpp>

#include "clipsim/core/atomic_file.h"
#include "clipsim/core/error.h"
#include "clipsim/core/hash.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

constexpr std::int64_t second = 1'000'000'000;
// A file that was written this short a time ago may be written again without its times showing it.
constexpr std::int64_t settled_after = 2 * second;

std::int64_t nanoseconds(const timespec& time) {
    return static_cast<std::int64_t>(time.tv_sec) * second + time.tv_nsec;
}

}  // namespace

HashCache::HashCache(std::filesystem::path file) : file_(std::move(file)) {
    try {
        const nlohmann::json all = nlohmann::json::parse(read_file(file_, 1 << 20));
        for (const auto& [path, json] : all.items()) {
            entries_[path] = {json.at("size").get<std::uint64_t>(), json.at("inode").get<std::uint64_t>(),
                              json.at("mtime_ns").get<std::int64_t>(),
                              json.at("ctime_ns").get<std::int64_t>(), json.at("hash").get<std::string>()};
        }
    } catch (const Error&) {
        entries_.clear();
    } catch (const nlohmann::json::exception&) {
        entries_.clear();
    }
}

HashCache::Entry HashCache::look_at(const std::filesystem::path& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0)
        throw Error(concat("cannot read ", printable(path), ": ", std::strerror(errno)));
    return {static_cast<std::uint64_t>(info.st_size),
            static_cast<std::uint64_t>(info.st_ino),
            nanoseconds(info.st_mtim),
            nanoseconds(info.st_ctim),
            {}};
}

std::string HashCache::hash(const std::filesystem::path& path) {
    const std::string name = std::filesystem::absolute(path).lexically_normal().string();
    Entry entry = look_at(path);
    if (const auto known = entries_.find(name); known != entries_.end() && known->second.looks_like(entry))
        return known->second.hash;
    entry.hash = hash_file(path);
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    if (nanoseconds(now) - entry.ctime_ns > settled_after && entry.looks_like(look_at(path))) {
        entries_[name] = entry;
        changed_ = true;
    }
    return entry.hash;
}

void HashCache::save() const {
    if (!changed_) return;
    nlohmann::ordered_json json = nlohmann::ordered_json::object();
    for (const auto& [path, entry] : entries_) {
        json[path] = {{"size", entry.size},
                      {"inode", entry.inode},
                      {"mtime_ns", entry.mtime_ns},
                      {"ctime_ns", entry.ctime_ns},
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
