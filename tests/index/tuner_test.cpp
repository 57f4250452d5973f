#include "clipsim/index/tuner.h"

#include <gtest/gtest.h>

#include "clipsim/core/error.h"
#include "clipsim/index/folder/manifest.h"
#include "clipsim/index/open/open_index.h"
#include "clipsim/index/updater.h"
#include "temporary_folder.h"
#include "vectors/unit_vectors.h"

namespace clipsim::testing {
namespace {

constexpr int dimension = 16;
const IndexIdentity identity{"tiny", "aaaa", dimension};

class Tuner : public ::testing::Test {
  protected:
    void make(IndexType type, const IndexParameters& wanted = {}) {
        IndexParameters config = wanted;
        config.type = type;
        config.hnsw.m = 4;
        config.hnsw.ef_construction = 20;
        IndexUpdater updater(
            open_index_writer(folder_.path(), identity, config, IndexUpdater::Mode::rebuild));
        updater.start_over();
        std::vector<ImageEntry> entries(3000);
        for (std::size_t i = 0; i < entries.size(); ++i) entries[i].path = std::to_string(i);
        updater.commit(entries, unit_vectors(entries.size(), dimension));
        updater.finish();
    }
    IndexParameters parameters() const { return read_manifest(folder_ / "manifest.json").parameters; }
    TemporaryFolder folder_;
};

TEST_F(Tuner, KeepsTheFirstEffortThatFindsEnough) {
    make(IndexType::hnsw);
    const TuneReport report = tune(*open_index_tuning(folder_.path()), 0.9);
    ASSERT_TRUE(report.chosen);
    EXPECT_GE(report.chosen->recall, 0.9);
    for (const TunePoint& point : report.curve) {
        if (point.effort < report.chosen->effort) {
            EXPECT_LT(point.recall, 0.9) << point.effort;
        }
    }
    EXPECT_EQ(parameters().hnsw.ef_search, report.chosen->effort);
    EXPECT_GE(tune(*open_index_tuning(folder_.path()), 0.99).chosen->effort, report.chosen->effort);
}

TEST_F(Tuner, AnUpdateKeepsWhatWasTunedUnlessTheConfigSaysOtherwise) {
    make(IndexType::hnsw);
    const int tuned = tune(*open_index_tuning(folder_.path()), 0.9).chosen->effort;
    make(IndexType::hnsw);
    EXPECT_EQ(parameters().hnsw.ef_search, tuned);
    IndexParameters config;
    config.hnsw.ef_search = 77;
    make(IndexType::hnsw, config);
    EXPECT_EQ(parameters().hnsw.ef_search, 77);
}

TEST_F(Tuner, TunesTheProbesOfAnIvfIndex) {
    make(IndexType::ivf);
    const TuneReport report = tune(*open_index_tuning(folder_.path()), 0.95);
    ASSERT_TRUE(report.chosen);
    EXPECT_EQ(parameters().ivf.nprobe, report.chosen->effort);
}

TEST_F(Tuner, AFlatIndexHasNothingToTune) {
    make(IndexType::flat);
    EXPECT_TRUE(tune(*open_index_tuning(folder_.path()), 0.99).curve.empty());
}

TEST_F(Tuner, NoIndexIsSaidSo) {
    EXPECT_THROW(tune(*open_index_tuning(folder_ / "none"), 0.99), UsageError);
}

}  // namespace
}  // namespace clipsim::testing
