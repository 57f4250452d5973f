// Flags that do nothing together are refused, before any work: exit code 2, and a message that names both.
#include <gtest/gtest.h>

#include "cli/program.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

struct Pair {
    std::vector<std::string> arguments;
    std::string first, second;  // as the message names them
};

const std::vector<Pair>& pairs() {
    static const std::vector<Pair> table{
        {{"search", "a.jpg", "--interactive"}, "images", "--interactive"},
        {{"search", "--query-image", "a.jpg", "--interactive"}, "--query-image", "--interactive"},
        {{"search", "--text", "a", "--interactive"}, "--text", "--interactive"},
        {{"search", "--add", "a", "--interactive"}, "--add", "--interactive"},
        {{"search", "--subtract", "a", "--interactive"}, "--subtract", "--interactive"},
        {{"search", "--batch", "q.txt", "--interactive"}, "--batch", "--interactive"},
        {{"search", "a.jpg", "--output", "i.npy"}, "--output", "--vectors"},
        {{"search", "a.jpg", "--scores", "s.npy"}, "--scores", "--vectors"},
        {{"search", "a.jpg", "--stats"}, "--stats", "--vectors"},
        {{"search", "a.jpg", "--one-by-one"}, "--one-by-one", "--vectors"},
        {{"search", "--vectors", "q.npy"}, "--vectors", "--output"},
        {{"search", "--vectors", "q.npy", "--output", "i.npy", "a.jpg"}, "--vectors", "images"},
        {{"search", "--vectors", "q.npy", "--output", "i.npy", "--query-image", "a"},
         "--vectors",
         "--query-image"},
        {{"search", "--vectors", "q.npy", "--output", "i.npy", "--text", "a"}, "--vectors", "--text"},
        {{"search", "--vectors", "q.npy", "--output", "i.npy", "--add", "a"}, "--vectors", "--add"},
        {{"search", "--vectors", "q.npy", "--output", "i.npy", "--subtract", "a"}, "--vectors", "--subtract"},
        {{"search", "--vectors", "q.npy", "--output", "i.npy", "--batch", "a"}, "--vectors", "--batch"},
        {{"search", "--vectors", "q.npy", "--output", "i.npy", "--format", "tsv"}, "--vectors", "--format"},
        {{"search", "--vectors", "q.npy", "--output", "i.npy", "--save", "a.png"}, "--vectors", "--save"},
        {{"search", "--vectors", "q.npy", "--output", "i.npy", "--min-score", "0"},
         "--vectors",
         "--min-score"},
        {{"search", "--vectors", "q.npy", "--output", "i.npy", "--include-self"},
         "--vectors",
         "--include-self"},
        {{"search", "--vectors", "q.npy", "--output", "i.npy", "--interactive"},
         "--vectors",
         "--interactive"},
        {{"index", "--names", "n.txt"}, "--names", "--from-npy"},
        {{"index", "--from-npy", "v.npy", "photos"}, "--from-npy", "folders"},
        {{"index", "--from-npy", "v.npy", "--verify"}, "--from-npy", "--verify"},
        {{"index", "--from-npy", "v.npy", "--dry-run"}, "--from-npy", "--dry-run"},
        {{"index", "--from-npy", "v.npy", "--shard", "1/2"}, "--from-npy", "--shard"},
        {{"index", "--dry-run", "--stats"}, "--dry-run", "--stats"},
        {{"index", "--rebuild", "--verify"}, "--rebuild", "--verify"},
        {{"index", "--rebuild", "tune"}, "tune", "--rebuild"},
        {{"index", "--stats", "merge", "part"}, "merge", "--stats"},
        {{"vectors", "search", "q.npy"}, "--output", "required"},
        {{"train", "--quiet", "--log-level", "debug"}, "--quiet", "--log-level"},
    };
    return table;
}

TEST(FlagPairs, ThatDoNotGoTogetherAreRefused) {
    const TemporaryFolder world;
    for (const Pair& pair : pairs()) {
        const Outcome outcome = run_clipsim(world.path(), pair.arguments);
        EXPECT_EQ(outcome.exit_code, 2) << pair.first << ' ' << pair.second;
        EXPECT_NE(outcome.err.find(pair.first), std::string::npos) << outcome.err;
        EXPECT_NE(outcome.err.find(pair.second), std::string::npos) << outcome.err;
        EXPECT_EQ(outcome.out, "");
    }
}

}  // namespace
}  // namespace clipsim::testing
