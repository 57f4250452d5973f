// The index against a model of it: whatever happens to the files, and wherever an update ends, searches
// answer as if every vector were looked at.
#include <gtest/gtest.h>

#include "clipsim/index/open/open_index.h"
#include "index/little_world.h"

namespace clipsim::testing {
namespace {

struct Case {
    IndexType type;
    unsigned seed;
    double recall;
};

std::ostream& operator<<(std::ostream& out, const Case& c) {
    return out << static_cast<int>(c.type) << " seed " << c.seed;
}

class IndexAgainstModel : public ::testing::TestWithParam<Case> {
  protected:
    IndexAgainstModel() {
        world_.config.type = GetParam().type;
        world_.config.hnsw.m = 8;
        world_.config.ivf.nprobe = 1000;
        world_.settings = {.delta_share = 0.3, .most_delta = 15, .deleted_share = 0.3};
    }

    unsigned draw(unsigned below) { return static_cast<unsigned>(random_() % below); }
    std::string new_name() {
        return std::string(labels_[draw(3)]) + "/" + std::to_string(draw(1000)) + ".jpg";
    }
    std::string content() { return "picture " + std::to_string(draw(10'000)); }

    std::filesystem::path some_file() {
        const std::vector<IndexCandidate> files = world_.candidates();
        return files.empty() ? std::filesystem::path{}
                             : files[draw(static_cast<unsigned>(files.size()))].path;
    }

    void change_something() {
        const std::filesystem::path file = some_file();
        const unsigned what = draw(10);
        if (what < 4 || file.empty()) {
            world_.write(new_name(), content());
        } else if (what < 6) {
            write_text(file, content());
        } else if (what == 6) {
            const std::filesystem::path target = world_.photos / new_name();
            std::filesystem::create_directories(target.parent_path());
            std::filesystem::rename(file, target);
        } else if (what == 7) {
            write_text(world_.photos / new_name(), read_text(file));
        } else {
            std::filesystem::remove(file);
        }
    }

    // As a process that is killed: nothing is called any more.
    void update_that_does_not_come_to_its_end() {
        IndexUpdater updater(open_index_writer(world_.backend.place(), world_.identity, world_.config,
                                               IndexUpdater::Mode::update, 1, world_.settings));
        const UpdatePlan plan = updater.plan(world_.candidates(), std::vector{world_.photos});
        const std::size_t some = draw(static_cast<unsigned>(plan.to_embed.size()) + 1);
        if (some > 0) world_.commit(updater, std::span(plan.to_embed).first(some));
    }

    std::vector<std::string> some_filter() {
        switch (draw(4)) {
            case 0:
                return {std::string("label=") + labels_[draw(3)]};
            case 1:
                return {"path=*" + std::to_string(draw(10)) + ".jpg", "label!=dog"};
            case 2:
                return {"folder=" + (world_.photos / labels_[draw(3)]).string()};
            default:
                return {"label=cat,dog"};
        }
    }

    static constexpr const char* labels_[] = {"cat", "dog", "tree"};
    TemporaryFolder folder_;
    LittleWorld world_{folder_.path()};
    std::mt19937 random_{GetParam().seed};
};

TEST_P(IndexAgainstModel, AnswersAsIfEveryVectorWereLookedAt) {
    double found = 0;
    const int rounds = TestBackend::has_derived_files() ? 25 : 8;  // a server takes its time
    bool kept = false, added_to = false;
    for (int i = 0; i < 60; ++i) world_.write(new_name(), content());
    world_.update();
    for (int round = 0; round < rounds; ++round) {
        for (unsigned i = draw(12); i > 0; --i) change_something();
        if (draw(4) == 0) {
            update_that_does_not_come_to_its_end();
        } else {
            const auto mode = draw(12) == 0 ? IndexUpdater::Mode::rebuild : IndexUpdater::Mode::update;
            const UpdateReport report = world_.update(mode, 1 + draw(3));
            kept = kept || (report.derivation == UpdateReport::Derivation::kept && report.delta > 0);
            added_to = added_to || report.derivation == UpdateReport::Derivation::added_to;
            world_.expect_complete();
        }
        const int k = draw(5) == 0 ? 1000 : static_cast<int>(1 + draw(10));
        found += world_.expect_answers_of_the_store(some_filter(), k, draw(1'000'000));
        if (HasFailure()) FAIL() << "in round " << round;
    }
    EXPECT_GE(found / rounds, GetParam().recall);
    EXPECT_TRUE((kept && added_to) || !TestBackend::has_derived_files())
        << "the rounds do not do what they are for";
}

INSTANTIATE_TEST_SUITE_P(Kinds, IndexAgainstModel,
                         ::testing::Values(Case{IndexType::flat, 1, 1.0}, Case{IndexType::flat, 2, 1.0},
                                           Case{IndexType::hnsw, 3, 0.99}, Case{IndexType::hnsw, 4, 0.99},
                                           Case{IndexType::ivf, 5, 1.0}));

}  // namespace
}  // namespace clipsim::testing
