// How much CPU time this process may use at once: what a container, a batch system or systemd has given it.
#pragma once

#include <filesystem>
#include <optional>

namespace clipsim {

// The least CPU quota of the control groups that the process is in, in CPUs; nothing where there is none.
// `root` is where /proc and /sys are looked for. Knows version 2 (cpu.max) and version 1 (cpu.cfs_quota_us).
std::optional<double> cpu_quota(const std::filesystem::path& root = "/");

}  // namespace clipsim
