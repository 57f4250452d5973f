#include "clipsim/core/cpu_quota.h"

#include <algorithm>
#include <fstream>
#include <string>
#include <string_view>

namespace clipsim {

namespace {

namespace fs = std::filesystem;

// Version 2: "max 100000" or "200000 100000", microseconds of each period.
std::optional<double> quota_of_v2(const fs::path& group) {
    std::ifstream file(group / "cpu.max");
    double quota = 0, period = 0;
    if (!(file >> quota >> period) || quota <= 0 || period <= 0) return std::nullopt;
    return quota / period;
}

std::optional<double> quota_of_v1(const fs::path& group) {
    std::ifstream quota_file(group / "cpu.cfs_quota_us"), period_file(group / "cpu.cfs_period_us");
    double quota = 0, period = 0;
    if (!(quota_file >> quota) || !(period_file >> period) || quota <= 0 || period <= 0) return std::nullopt;
    return quota / period;
}

// Of the group and all that it is in: each of them limits it. In a container the path that /proc tells may be
// the host's, and what is mounted is the group itself.
template <typename QuotaOf>
void take_least(const fs::path& mount, const std::string& group, QuotaOf&& quota_of,
                std::optional<double>& least) {
    for (fs::path path = fs::path(group).relative_path();; path = path.parent_path()) {
        if (const std::optional<double> quota = quota_of(mount / path))
            least = std::min(least.value_or(*quota), *quota);
        if (path.empty()) return;
    }
}

bool names_cpu(std::string_view controllers) {
    for (std::size_t start = 0; start <= controllers.size();) {
        const std::size_t end = std::min(controllers.find(',', start), controllers.size());
        if (controllers.substr(start, end - start) == "cpu") return true;
        start = end + 1;
    }
    return false;
}

}  // namespace

std::optional<double> cpu_quota(const fs::path& root) {
    const fs::path mounts = root / "sys/fs/cgroup";
    std::optional<double> least;
    std::ifstream groups(root / "proc/self/cgroup");
    for (std::string line; std::getline(groups, line);) {  // "0::/user.slice" or "4:cpu,cpuacct:/docker/1a2b"
        const std::size_t first = line.find(':');
        const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
        if (second == std::string::npos) continue;
        const std::string controllers = line.substr(first + 1, second - first - 1),
                          group = line.substr(second + 1);
        if (controllers.empty()) {
            take_least(mounts, group, quota_of_v2, least);
            take_least(mounts / "unified", group, quota_of_v2, least);
        } else if (names_cpu(controllers)) {
            take_least(mounts / "cpu", group, quota_of_v1, least);
            take_least(mounts / controllers, group, quota_of_v1, least);
        }
    }
    return least;
}

}  // namespace clipsim
