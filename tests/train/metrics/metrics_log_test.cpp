#include "metrics/metrics_log.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "clipsim/core/error.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

EpochRecord sample(int epoch) {
    EpochRecord record;
    record.epoch = epoch;
    record.stage = 2;
    record.loss = 0.125;
    record.validation.recall_at_1 = 1.0 / 3;
    record.validation.queries = 7;
    record.best = true;
    return record;
}

TEST(MetricsLog, IsOneLineAnEpochThatComesBackExactly) {
    const TemporaryFolder folder;
    const std::vector<EpochRecord> epochs{sample(1), sample(2)};
    write_metrics(folder / "metrics.jsonl", epochs);
    const std::string text = read_text(folder / "metrics.jsonl");
    EXPECT_EQ(std::ranges::count(text, '\n'), 2);
    const std::vector<EpochRecord> read = read_metrics(folder / "metrics.jsonl");
    ASSERT_EQ(read.size(), 2U);
    EXPECT_EQ(read[1].epoch, 2);
    EXPECT_EQ(read[1].stage, 2);
    EXPECT_EQ(read[1].validation.recall_at_1, 1.0 / 3);
    EXPECT_EQ(read[1].validation.queries, 7U);
    EXPECT_TRUE(read[1].best);
}

TEST(MetricsLog, ADamagedLineIsNamedByItsNumber) {
    try {
        parse_metrics(metrics_lines(std::vector{sample(1)}) + "{\"epoch\": 2", "metrics.jsonl");
        FAIL();
    } catch (const UsageError& error) {
        EXPECT_EQ(std::string(error.what()), "metrics.jsonl: line 2 is no epoch of clipsim");
    }
}

}  // namespace
}  // namespace clipsim::testing
