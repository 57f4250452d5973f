#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/program.h"
#include "drawn_photos.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

using nlohmann::json;

// A small world, trained and indexed once for all tests of this file; they only read it.
class Commands : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        world = new TemporaryFolder;
        draw_photos(*world / "photos", 10);
        write_text(*world / "config.json", R"({
            "data": {"root": "photos"}, "output_dir": "out",
            "train": {"epochs": 3, "classes_per_batch": 3, "images_per_class": 4}  // short
        })");
        trained = run_clipsim(world->path(), {"all", "-c", "config.json"});
    }
    static void TearDownTestSuite() {
        delete world;
        world = nullptr;
    }

    static Outcome clipsim(std::vector<std::string> arguments, const std::string& input = {}) {
        arguments.insert(arguments.begin() + 1, {"-c", "config.json"});
        return run_clipsim(world->path(), arguments, input);
    }

    static inline TemporaryFolder* world = nullptr;
    static inline Outcome trained;
};

TEST_F(Commands, AllLeavesEveryFileOfTheDesign) {
    ASSERT_EQ(trained.exit_code, 0) << trained.err;
    for (const char* file :
         {"config.json", "checkpoints/best_model.safetensors", "checkpoints/last_model.safetensors",
          "checkpoints/last_state.pt", "metrics.jsonl", "curves.png", "index/manifest.json",
          "index/images.db", "index/index.faiss", "results/red.png", "results/blue.png"}) {
        EXPECT_TRUE(std::filesystem::is_regular_file(*world / "out" / file)) << file;
    }
    EXPECT_EQ(lines(read_text(*world / "out/metrics.jsonl")).size(), 3U);
    EXPECT_EQ(json::parse(read_text(*world / "out/config.json"))["train"]["epochs"], 3);
    EXPECT_EQ(lines(trained.out).size(), 4U) << "a header and one line a class";
}

TEST_F(Commands, SearchFindsTheQuerysClassFirstAndLeavesItselfOut) {
    const Outcome outcome = clipsim({"search", "photos/red/0.png", "-k", "5", "--format", "json"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const json result = json::parse(outcome.out);
    EXPECT_EQ(result["query"], "photos/red/0.png");
    ASSERT_EQ(result["hits"].size(), 5U);
    double last = 1.0001;
    for (const json& hit : result["hits"]) {
        EXPECT_EQ(hit["label"], "red");
        EXPECT_FALSE(hit["path"].get<std::string>().ends_with("red/0.png"));
        EXPECT_LE(hit["score"].get<double>(), last);
        last = hit["score"];
    }
    EXPECT_EQ(result["hits"][0]["rank"], 1);
    EXPECT_TRUE(result["hits"][0]["id"].is_number_integer());
    EXPECT_GT(result["took_ms"].get<double>(), 0.0);
}

TEST_F(Commands, IncludeSelfPutsTheQueryFirstWithScoreOne) {
    const Outcome outcome =
        clipsim({"search", "photos/red/0.png", "--top_k", "1", "--include-self", "--format", "json"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const json hit = json::parse(outcome.out)["hits"][0];
    EXPECT_TRUE(hit["path"].get<std::string>().ends_with("photos/red/0.png"));
    EXPECT_NEAR(hit["score"].get<double>(), 1.0, 1e-3);
}

TEST_F(Commands, TheOriginalsFlagsAreAccepted) {
    const Outcome outcome =
        clipsim({"search", "--query_image", "photos/blue/1.png", "--top_k", "3", "--format", "tsv"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const std::vector<std::string> rows = lines(outcome.out);
    ASSERT_EQ(rows.size(), 4U);
    EXPECT_EQ(rows[0], "score\tpath\tlabel");
    EXPECT_TRUE(rows[1].ends_with("\tblue"));
}

TEST_F(Commands, MoreHitsThanImagesGivesAllImages) {
    const Outcome outcome = clipsim({"search", "photos/red/0.png", "-k", "1000", "--format", "paths"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(lines(outcome.out).size(), 29U);
}

TEST_F(Commands, MinScoreCutsTheTail) {
    const Outcome all = clipsim({"search", "photos/red/0.png", "-k", "29", "--format", "json"});
    const json hits = json::parse(all.out)["hits"];
    const double middle = hits[10]["score"];
    const Outcome cut = clipsim({"search", "photos/red/0.png", "-k", "29", "--min-score",
                                 std::to_string(middle + 1e-5), "--format", "json"});
    ASSERT_EQ(cut.exit_code, 0) << cut.err;
    EXPECT_LE(json::parse(cut.out)["hits"].size(), 10U);
}

TEST_F(Commands, SaveWritesAContactSheetAndAPage) {
    const Outcome outcome = clipsim({"search", "photos/red/0.png", "--save", "sheet.png"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(read_text(*world / "sheet.png").substr(1, 3), "PNG");
    ASSERT_EQ(clipsim({"search", "photos/red/0.png", "--save", "page.html"}).exit_code, 0);
    EXPECT_NE(read_text(*world / "page.html").find("<html"), std::string::npos);
}

TEST_F(Commands, BatchAnswersEachLineAndNamesTheBadOne) {
    write_text(*world / "queries.txt", "photos/red/1.png\n'photos/green/2.png'\n\n./photos/missing.png\n");
    const Outcome outcome = clipsim({"search", "--batch", "queries.txt", "--format", "json"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    const std::vector<std::string> answers = lines(outcome.out);
    ASSERT_EQ(answers.size(), 3U);
    EXPECT_FALSE(json::parse(answers[1]).contains("error"));
    EXPECT_EQ(json::parse(answers[2])["query"], "./photos/missing.png");
    EXPECT_NE(json::parse(answers[2])["error"].get<std::string>().find("missing.png"), std::string::npos);
    EXPECT_NE(outcome.err.find("photos/missing.png"), std::string::npos);
    EXPECT_EQ(clipsim({"search", "--strict", "--batch", "queries.txt"}).exit_code, 1);
}

TEST_F(Commands, BatchTakesWhatIsNoFileForASentence) {
    write_text(*world / "queries.txt", "a red disc\nphotos/missing.png\n\"photos/red/1.png\"\n");
    const Outcome outcome = clipsim({"search", "--batch", "queries.txt", "--format", "json", "-k", "3"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    const std::vector<std::string> answers = lines(outcome.out);
    ASSERT_EQ(answers.size(), 3U);
    EXPECT_EQ(json::parse(answers[0])["query"], "a red disc");
    EXPECT_EQ(json::parse(answers[0])["hits"].size(), 3U);
    EXPECT_TRUE(json::parse(answers[1]).contains("error")) << "a file that is missing is no sentence";
    EXPECT_EQ(json::parse(answers[2])["hits"].size(), 3U) << "a sentence, for it is in quotes";
    EXPECT_EQ(outcome.err.find("photos/red/1.png"), std::string::npos) << outcome.err;
}

TEST_F(Commands, SentencesAreSearchedForAndCombined) {
    const Outcome plain = clipsim({"search", "--text", "a red disc", "--format", "json"});
    ASSERT_EQ(plain.exit_code, 0) << plain.err;
    EXPECT_EQ(json::parse(plain.out)["query"], "a red disc");
    EXPECT_EQ(json::parse(plain.out)["hits"].size(), 10U);
    const Outcome combined = clipsim({"search", "photos/red/0.png", "--add", "0.5:blue", "--subtract",
                                      "photos/green/0.png", "--format", "json", "--save", "sheet.png"});
    ASSERT_EQ(combined.exit_code, 0) << combined.err;
    EXPECT_EQ(json::parse(combined.out)["query"], "photos/red/0.png + 0.5 \"blue\" - photos/green/0.png");
    EXPECT_EQ(read_text(*world / "sheet.png").substr(1, 3), "PNG");
    const Outcome added = clipsim({"search", "--add", "red", "--format", "paths", "-k", "1"});
    ASSERT_EQ(added.exit_code, 0) << added.err;
    EXPECT_EQ(lines(added.out).size(), 1U);
    EXPECT_EQ(clipsim({"search", "--add", "0.5:"}).exit_code, 2);
    ASSERT_EQ(clipsim({"search", "--text", "red & <b>", "--save", "page.html"}).exit_code, 0);
    EXPECT_NE(read_text(*world / "page.html").find("red &amp; &lt;b&gt;"), std::string::npos);
}

TEST_F(Commands, InteractiveAnswersPathAfterPathAndSurvivesABadOne) {
    const Outcome outcome =
        clipsim({"search", "--interactive", "--format", "paths", "-k", "2"},
                "photos/red/1.png\n./nothing.png\n'photos/blue/1.png'\nquit\nphotos/red/2.png\n");
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(lines(outcome.out).size(), 4U);
    EXPECT_NE(outcome.err.find("nothing.png"), std::string::npos);
}

TEST_F(Commands, VectorsFromElsewhereAreIndexedAndSearched) {
    ASSERT_EQ(clipsim({"embed", "photos/red", "photos/blue", "-o", "v.npy"}).exit_code, 0);
    const Outcome indexed =
        clipsim({"index", "--from-npy", "v.npy", "--stats", "--set", "output_dir=vectors"});
    ASSERT_EQ(indexed.exit_code, 0) << indexed.err;
    const json built = json::parse(indexed.out);
    EXPECT_GT(built["vectors"].get<int>(), 3);
    EXPECT_GE(built["build_seconds"].get<double>(), 0.0);
    const Outcome searched = clipsim({"search", "--vectors", "v.npy", "-k", "3", "--output", "i.npy",
                                      "--threads", "1", "--stats", "--set", "output_dir=vectors"});
    ASSERT_EQ(searched.exit_code, 0) << searched.err;
    const json stats = json::parse(searched.out);
    EXPECT_EQ(stats["queries"], built["vectors"]);
    EXPECT_EQ(stats["threads"], 1);
    EXPECT_EQ(stats["index_type"], "flat");
    for (const char* key : {"seconds", "queries_per_second", "load_seconds"})
        EXPECT_GE(stats[key].get<double>(), 0.0);
    // Each vector's own row comes first.
    const std::string rows = read_text(*world / "i.npy").substr(128);
    ASSERT_EQ(rows.size(), built["vectors"].get<std::size_t>() * 3 * 8);
    for (std::size_t row = 0; row < rows.size() / 24; ++row)
        EXPECT_EQ(static_cast<unsigned char>(rows[row * 24]), row);
    EXPECT_NE(indexed.err.find("clipsim vectors index"), std::string::npos) << "the command of its own";
    EXPECT_NE(searched.err.find("clipsim vectors search"), std::string::npos);
}

TEST_F(Commands, VectorsHaveCommandsOfTheirOwn) {
    ASSERT_EQ(clipsim({"embed", "photos/red", "-o", "m.npy"}).exit_code, 0);
    const std::string here = "output_dir=matrix";
    ASSERT_EQ(clipsim({"vectors", "index", "m.npy", "--set", here}).exit_code, 0);
    ASSERT_EQ(clipsim({"vectors", "index", "m.npy", "--set", here}).exit_code, 0) << "in place of itself";
    const Outcome searched = clipsim(
        {"vectors", "search", "m.npy", "-o", "i.npy", "--scores", "s.npy", "-k", "12", "--set", here});
    ASSERT_EQ(searched.exit_code, 0) << searched.err;
    EXPECT_EQ(searched.out, "");
    const std::string rows = read_text(*world / "i.npy").substr(128);
    const std::string bytes = read_text(*world / "s.npy").substr(128);
    ASSERT_EQ(rows.size(), 10U * 12 * 8);
    ASSERT_EQ(bytes.size(), 10U * 12 * 4);
    std::vector<float> scores(120);
    std::memcpy(scores.data(), bytes.data(), bytes.size());
    for (std::size_t q = 0; q < 10; ++q) {
        EXPECT_EQ(static_cast<unsigned char>(rows[q * 96]), q);
        EXPECT_NEAR(scores[q * 12], 1, 1e-5) << "each row's nearest is itself";
        EXPECT_GE(scores[q * 12 + 1], scores[q * 12 + 2]);
        EXPECT_TRUE(std::isnan(scores[q * 12 + 11])) << "there are only ten";
    }
}

TEST_F(Commands, VectorsDoNotReplaceAnIndexOfPhotosUnasked) {
    ASSERT_EQ(clipsim({"embed", "photos/red", "-o", "m.npy"}).exit_code, 0);
    const std::string here = "output_dir=replaced";
    ASSERT_EQ(clipsim({"index", "--set", here}).exit_code, 0);
    for (const std::vector<std::string>& command :
         {std::vector<std::string>{"vectors", "index", "m.npy"}, {"index", "--from-npy", "m.npy"}}) {
        std::vector<std::string> arguments = command;
        arguments.insert(arguments.end(), {"--set", here});
        const Outcome refused = clipsim(arguments);
        EXPECT_EQ(refused.exit_code, 2);
        EXPECT_NE(refused.err.find("holds an index of 30 photos (model clip-lite"), std::string::npos)
            << refused.err;
        EXPECT_NE(refused.err.find("--rebuild"), std::string::npos);
    }
    EXPECT_EQ(clipsim({"vectors", "index", "m.npy", "--rebuild", "--set", here}).exit_code, 0);
}

TEST_F(Commands, EvalPrintsBothStatesAsJson) {
    const Outcome outcome = clipsim({"eval", "--format", "json"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const json report = json::parse(outcome.out);
    for (const char* state : {"before", "after"}) {
        for (const char* key :
             {"triplet_accuracy", "recall_at_1", "recall_at_5", "r_precision", "mean_average_precision_at_r",
              "zero_shot_accuracy", "text_recall_at_1", "text_recall_at_5"}) {
            EXPECT_GE(report[state][key].get<double>(), 0.0);
            EXPECT_LE(report[state][key].get<double>(), 1.0);
        }
        EXPECT_EQ(report[state]["queries"], 6);
        EXPECT_EQ(report[state]["precision_at_1"], report[state]["recall_at_1"]);
        const json& interval = report[state]["interval_95"]["recall_at_5"];
        EXPECT_LE(interval[0], report[state]["recall_at_5"]);
        EXPECT_GE(interval[1], report[state]["recall_at_5"]);
    }
    EXPECT_EQ(report["split"], "by_image");
    EXPECT_EQ(report["seen_classes"]["after"]["recall_at_1"], report["after"]["recall_at_1"]);
    EXPECT_TRUE(report["held_out_classes"].is_null()) << "by_image there are none";
    EXPECT_EQ(report["text"]["before"], report["text"]["after"]) << "training leaves sentences as they are";
    for (const char* picture : {"recall.png", "map.png"})
        EXPECT_EQ(read_text(*world / "out" / "results" / "eval" / picture).substr(1, 3), "PNG") << picture;
    EXPECT_NE(clipsim({"eval"}).out.find("MAP@R"), std::string::npos);
}

TEST_F(Commands, EvalOfHeldOutClassesReportsBothGroups) {
    draw_photos(*world / "four", 8);
    std::filesystem::copy(*world / "four" / "red", *world / "four" / "rosso");
    const std::vector<std::string> settings{"--set", "data.root=four",        "--set", "data.split=by_class",
                                            "--set", "data.val_fraction=0.5", "--set", "output_dir=by_class",
                                            "--set", "train.epochs=2"};
    const auto with_settings = [&](std::vector<std::string> command) {
        command.insert(command.end(), settings.begin(), settings.end());
        return clipsim(command);
    };
    const Outcome training = with_settings({"train"});
    ASSERT_EQ(training.exit_code, 0) << training.err;
    const Outcome outcome = with_settings({"eval", "--format", "json", "--no-pictures", "--bootstrap", "0"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const json report = json::parse(outcome.out);
    EXPECT_EQ(report["split"], "by_class");
    EXPECT_EQ(report["before"]["queries"], 16) << "all photos of two classes";
    EXPECT_EQ(report["held_out_classes"]["after"]["recall_at_1"], report["after"]["recall_at_1"]);
    EXPECT_EQ(report["seen_classes"]["classes"], 2);
    EXPECT_EQ(report["seen_classes"]["images"], 4) << "a fifth of eight photos, twice";
    EXPECT_TRUE(report["after"]["interval_95"].is_null());
    EXPECT_FALSE(std::filesystem::exists(*world / "by_class" / "results"));
    EXPECT_NE(with_settings({"eval", "--no-pictures"}).out.find("seen classes"), std::string::npos);
}

TEST_F(Commands, EmbedWritesVectorsOfBothSpaces) {
    for (const auto& [space, dimension] :
         {std::pair{"image", 128}, std::pair{"text", 128}, std::pair{"projected", 128}}) {
        const Outcome outcome =
            clipsim({"embed", "photos/red", "photos/blue/0.png", "--output", "v.npy", "--space", space});
        ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
        EXPECT_EQ(outcome.out, "");
        EXPECT_EQ(std::filesystem::file_size(*world / "v.npy"), 128U + 11U * dimension * sizeof(float));
        const json names = json::parse(read_text(*world / "v.json"));
        EXPECT_EQ(names["inputs"].size(), 11U);
        EXPECT_EQ(names["dimension"], dimension);
    }
}

TEST_F(Commands, IndexingAgainEmbedsNothing) {
    const Outcome outcome = clipsim({"index"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_NE(outcome.err.find("0 embedded, 30 unchanged"), std::string::npos) << outcome.err;
    EXPECT_EQ(outcome.out, "");
}

TEST_F(Commands, AfterTrainingAnewSearchesGoOnWithTheModelOfTheIndexUntilThatIsRebuilt) {
    std::filesystem::copy(*world / "out", *world / "out2", std::filesystem::copy_options::recursive);
    const std::string here = "output_dir=out2";
    const std::vector<std::string> query{"search", "--set", here, "photos/red/0.png", "--format", "paths"};
    const Outcome before = clipsim(query);
    const std::vector<std::string> anew{"train", "--set",         here, "--set", "data.seed=7",
                                        "--set", "train.epochs=1"};
    const Outcome refused = clipsim(anew);
    EXPECT_EQ(refused.exit_code, 2);
    EXPECT_NE(refused.err.find("--restart"), std::string::npos) << refused.err;
    std::vector<std::string> restart = anew;
    restart.push_back("--restart");
    ASSERT_EQ(clipsim(restart).exit_code, 0);
    const Outcome after = clipsim(query);
    EXPECT_EQ(after.exit_code, 0) << after.err;
    EXPECT_EQ(after.out, before.out);
    EXPECT_NE(after.err.find("model before the last training"), std::string::npos) << after.err;
    EXPECT_EQ(clipsim({"index", "--set", here}).exit_code, 2);
    EXPECT_EQ(clipsim({"index", "--set", here, "--rebuild"}).exit_code, 0);
    const Outcome current = clipsim(query);
    EXPECT_EQ(current.exit_code, 0);
    EXPECT_EQ(current.err.find("model before the last training"), std::string::npos) << current.err;
}

TEST_F(Commands, AllAgainKeepsTheFinishedTraining) {
    std::filesystem::copy(*world / "out", *world / "out3", std::filesystem::copy_options::recursive);
    const std::string model = read_text(*world / "out3/checkpoints/best_model.safetensors");
    const Outcome again = clipsim({"all", "--set", "output_dir=out3"});
    ASSERT_EQ(again.exit_code, 0) << again.err;
    EXPECT_EQ(lines(again.out).size(), 4U) << again.out;
    EXPECT_NE(again.err.find("nothing to train"), std::string::npos) << again.err;
    EXPECT_NE(again.err.find("0 embedded, 30 unchanged"), std::string::npos) << again.err;
    EXPECT_EQ(read_text(*world / "out3/checkpoints/best_model.safetensors"), model);
}

// A path may be any bytes, and is taken as an argument; a config holds text.
TEST_F(Commands, AValueThatIsNotUtf8IsNoErrorOfALibrary) {
    const std::string folder = "caf\xe9";
    std::filesystem::copy(*world / "photos", *world / folder, std::filesystem::copy_options::recursive);
    const Outcome indexed = clipsim({"index", folder, "--set", "output_dir=out-latin"});
    EXPECT_EQ(indexed.exit_code, 0) << indexed.err;
    const Outcome set = clipsim({"index", "--set", "data.root=" + folder, "--set", "output_dir=out-latin"});
    EXPECT_EQ(set.exit_code, 2);
    EXPECT_NE(set.err.find("not UTF-8"), std::string::npos) << set.err;
    EXPECT_EQ(set.err.find("json.exception"), std::string::npos) << set.err;
    write_text(*world / "latin.json", "{\"data\": {\"root\": \"caf\xe9\"}}");
    const Outcome refused = run_clipsim(world->path(), {"index", "-c", "latin.json"});
    EXPECT_EQ(refused.exit_code, 2);
    EXPECT_NE(refused.err.find("not UTF-8"), std::string::npos) << refused.err;
    EXPECT_EQ(refused.err.find("json.exception"), std::string::npos) << refused.err;
}

TEST_F(Commands, ModelInfoDescribesTheModelInTheBox) {
    const Outcome outcome = clipsim({"model", "info"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_NE(outcome.out.find("clip-lite"), std::string::npos);
    EXPECT_NE(outcome.out.find("EfficientNet-Lite, 16 inverted residual blocks"), std::string::npos);
    EXPECT_NE(outcome.out.find("2 blocks, width 128"), std::string::npos) << "its text tower";
    EXPECT_NE(clipsim({"model", "info", "clip-nano"}).out.find("6 blocks, width 192"), std::string::npos);
    const Outcome as_json = clipsim({"model", "info", "--format", "json"});
    EXPECT_EQ(json::parse(as_json.out).at("vision").at("network"), "EfficientNet-Lite");
}

TEST(Index, WorksWithoutTrainingInTheModelsOwnSpace) {
    TemporaryFolder world;
    draw_photos(world / "photos", 3);
    const Outcome indexed = run_clipsim(world.path(), {"index", "photos", "--set", "output_dir=out"});
    ASSERT_EQ(indexed.exit_code, 0) << indexed.err;
    const json manifest = json::parse(read_text(world / "out/index/manifest.json"));
    EXPECT_EQ(manifest["dimension"], 128);
    const Outcome found = run_clipsim(
        world.path(), {"search", "photos/red/0.png", "--set", "output_dir=out", "--format", "paths"});
    EXPECT_EQ(found.exit_code, 0) << found.err;
    EXPECT_EQ(lines(found.out).size(), 8U);
}

TEST(Index, FollowsNewChangedRenamedAndVanishedFiles) {
    TemporaryFolder world;
    draw_photos(world / "photos", 4);
    const std::vector<std::string> index{"index", "photos", "--set", "output_dir=out"};
    ASSERT_EQ(run_clipsim(world.path(), index).exit_code, 0);
    std::filesystem::remove(world / "photos/red/0.png");
    std::filesystem::rename(world / "photos/red/1.png", world / "photos/red/renamed.png");
    std::filesystem::copy(world / "photos/blue/0.png", world / "photos/red/2.png",
                          std::filesystem::copy_options::overwrite_existing);
    Outcome dry = run_clipsim(world.path(), {"index", "photos", "--set", "output_dir=out", "--dry-run"});
    EXPECT_EQ(dry.exit_code, 0) << dry.err;
    const Outcome updated = run_clipsim(world.path(), index);
    ASSERT_EQ(updated.exit_code, 0) << updated.err;
    EXPECT_NE(updated.err.find("11 images in the index"), std::string::npos) << updated.err;
    const Outcome found = run_clipsim(world.path(), {"search", "photos/blue/0.png", "--set", "output_dir=out",
                                                     "--format", "paths", "-k", "20", "--include-self"});
    const std::vector<std::string> hits = lines(found.out);
    const std::set<std::string> paths(hits.begin(), hits.end());
    const std::string photos = (world / "photos").string();
    EXPECT_FALSE(paths.contains(photos + "/red/0.png"));
    EXPECT_FALSE(paths.contains(photos + "/red/1.png"));
    EXPECT_TRUE(paths.contains(photos + "/red/renamed.png"));
    EXPECT_EQ(std::set<std::string>({hits.at(0), hits.at(1)}),
              std::set<std::string>({photos + "/blue/0.png", photos + "/red/2.png"}))
        << "its new content is the query's";
}

TEST(Index, OfOneFolderLeavesTheOthersPhotosIn) {
    TemporaryFolder world;
    draw_photos(world / "photos", 3);
    ASSERT_EQ(run_clipsim(world.path(), {"index", "photos/red", "--set", "output_dir=out"}).exit_code, 0);
    const Outcome second = run_clipsim(world.path(), {"index", "photos/blue", "--set", "output_dir=out"});
    ASSERT_EQ(second.exit_code, 0) << second.err;
    EXPECT_NE(second.err.find("6 images in the index"), std::string::npos) << second.err;
}

}  // namespace
}  // namespace clipsim::testing
