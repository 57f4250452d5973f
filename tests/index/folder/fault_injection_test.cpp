// An update that is killed, or runs out of disk, at each single change it makes to a file: the index opens,
// is complete or cleanly the earlier one, and the next run repairs it.
#include <gtest/gtest.h>
#include <unistd.h>

#include <set>

#include "clipsim/core/error.h"
#include "index/folder/traced_child.h"
#include "index/little_world.h"

namespace clipsim::testing {
namespace {

using Mode = IndexUpdater::Mode;
using Derivation = UpdateReport::Derivation;

struct Scenario {
    const char* name;
    Mode mode;
    UpdateSettings settings;
    Derivation derivation;  // what the update does, so that the test tests what it says
    bool from_nothing = false;
};

std::ostream& operator<<(std::ostream& out, const Scenario& scenario) {
    return out << scenario.name;
}

const Scenario scenarios[] = {
    {"kept", Mode::update, {.delta_share = 10, .deleted_share = 10}, Derivation::kept},
    {"added_to", Mode::update, {.delta_share = 0, .deleted_share = 10}, Derivation::added_to},
    {"rebuilt", Mode::update, {.delta_share = 10, .deleted_share = 0}, Derivation::rebuilt},
    {"rebuild", Mode::rebuild, {}, Derivation::rebuilt},
    {"from_nothing", Mode::update, {}, Derivation::rebuilt, true},
};

class UpdateWithFault : public ::testing::TestWithParam<std::tuple<Scenario, Fault>> {
  protected:
    void SetUp() override {
        if (!can_trace_children()) GTEST_SKIP() << "this machine does not let processes be traced";
        world_.settings = scenario().settings;
        for (int i = 0; i < 12; ++i) world_.write("cat/" + std::to_string(i), "picture " + std::to_string(i));
        if (!scenario().from_nothing) world_.update();
        for (const auto& [path, image] : before()) before_.insert(image.content_hash);
        std::filesystem::create_directories(world_.index);
        std::filesystem::copy(world_.index, folder_ / "before");
        world_.write("cat/3", "changed");
        world_.write("dog/new", "new");
        world_.write("dog/copy", "picture 5");
        std::filesystem::remove(world_.photos / "cat/7");
        std::filesystem::rename(world_.photos / "cat/8", world_.photos / "dog/8");
    }

    const Scenario& scenario() const { return std::get<0>(GetParam()); }

    std::map<std::string, StoredImage> before() const {
        return scenario().from_nothing ? std::map<std::string, StoredImage>{} : world_.stored();
    }

    void go_back() const {
        std::filesystem::remove_all(world_.index);
        std::filesystem::copy(folder_ / "before", world_.index);
    }

    int update() const {
        try {
            world_.update(scenario().mode, 2);
            return 0;
        } catch (const Error&) {
            return 1;
        } catch (...) {
            return 3;
        }
    }

    // Whatever is there answers as images.db says, and that holds nothing but what was there or is there.
    void expect_sound() const {
        if (!std::filesystem::exists(world_.index / "images.db")) {
            EXPECT_TRUE(scenario().from_nothing);
            return;
        }
        try {
            std::map<std::string, StoredImage> images = world_.stored();
            for (int i = 0; i < 12 && !scenario().from_nothing; ++i) {
                if (i == 3 || i == 7 || i == 8) continue;
                EXPECT_TRUE(images.contains((world_.photos / "cat" / std::to_string(i)).string())) << i;
            }
            for (const auto& [path, image] : images) {
                const bool current = std::filesystem::exists(path) && hash_file(path) == image.content_hash;
                EXPECT_TRUE(current || before_.contains(image.content_hash)) << path;
            }
            EXPECT_EQ(world_.expect_answers_of_the_store({"label=dog"}, 5, 1), 1.0);
        } catch (const UsageError& error) {
            // The very first moments of an index: there is none yet.
            EXPECT_TRUE(scenario().from_nothing) << error.what();
        }
    }

    // In memory where that can be had: what is proven has nothing to do with disks, and syncing to one is
    // slow.
    struct TemporaryFilesInMemory {
        TemporaryFilesInMemory() {
            if (::access("/dev/shm", W_OK) == 0) ::setenv("TMPDIR", "/dev/shm", 0);
        }
    };

    TemporaryFilesInMemory before_folder_;
    TemporaryFolder folder_;
    LittleWorld world_{folder_.path()};
    std::set<std::string> before_;  // content hashes
};

TEST_P(UpdateWithFault, LeavesASoundIndexThatTheNextRunRepairs) {
    const Fault fault = std::get<1>(GetParam());
    go_back();
    EXPECT_EQ(world_.update(scenario().mode, 2).derivation, scenario().derivation);
    int nth = 0;
    for (; nth < 2000; ++nth) {
        go_back();
        const ChildResult child = run_with_fault(fault, nth, [this] { return update(); });
        if (fault == Fault::disk_full || !child.reached) {
            ASSERT_TRUE(child.exited) << "call " << nth << " made it crash";
            ASSERT_LE(child.exit_code, child.reached ? 1 : 0) << "call " << nth;
            // A write that failed unnoticed would show here.
            if (child.exit_code == 0) world_.expect_complete();
        }
        expect_sound();
        world_.update(scenario().mode);
        world_.expect_complete();
        EXPECT_EQ(world_.expect_answers_of_the_store({"label=dog"}, 5, 1), 1.0);
        for (const auto& entry : std::filesystem::directory_iterator(world_.index)) {
            EXPECT_EQ(entry.path().string().find(".tmp-"), std::string::npos) << entry.path();
        }
        if (HasFailure()) FAIL() << "at call " << nth;
        if (!child.reached) break;
    }
    EXPECT_GT(nth, 15) << "there is more to an update than this";
}

INSTANTIATE_TEST_SUITE_P(All, UpdateWithFault,
                         ::testing::Combine(::testing::ValuesIn(scenarios),
                                            ::testing::Values(Fault::kill, Fault::disk_full)));

}  // namespace
}  // namespace clipsim::testing
