#include "clipsim/core/cpu_quota.h"

#include <gtest/gtest.h>

#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

TEST(CpuQuota, IsTheLeastOfTheGroupAndThoseItIsIn) {
    const TemporaryFolder root;
    EXPECT_FALSE(cpu_quota(root.path()));
    write_text(root / "proc/self/cgroup", "0::/batch/job\n");
    write_text(root / "sys/fs/cgroup/batch/job/cpu.max", "max 100000\n");
    EXPECT_FALSE(cpu_quota(root.path())) << "no limit";
    write_text(root / "sys/fs/cgroup/batch/cpu.max", "150000 100000\n");
    EXPECT_DOUBLE_EQ(cpu_quota(root.path()).value_or(0), 1.5);
    write_text(root / "sys/fs/cgroup/batch/job/cpu.max", "50000 100000\n");
    EXPECT_DOUBLE_EQ(cpu_quota(root.path()).value_or(0), 0.5);
}

TEST(CpuQuota, OfVersionOneAndInAContainerIsRead) {
    const TemporaryFolder root;
    write_text(root / "proc/self/cgroup", "7:memory:/x\n4:cpu,cpuacct:/docker/1a2b\n");
    write_text(root / "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
    write_text(root / "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    EXPECT_FALSE(cpu_quota(root.path()));
    // The container's own group is what is mounted; the path is the host's.
    write_text(root / "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "200000\n");
    EXPECT_DOUBLE_EQ(cpu_quota(root.path()).value_or(0), 2);
}

}  // namespace
}  // namespace clipsim::testing
