#include "clipsim/hub/pull.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <thread>
#include <typeinfo>

#include "clipsim/core/error.h"
#include "hub/hub_server.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr std::size_t weights_size = 3'000'000;

class PullModel : public ::testing::Test {
  protected:
    PullModel() {
        ::setenv("no_proxy", "127.0.0.1,localhost", 1);
        hub.files["config.json"] = {R"({"model_type": "clip"})"};
        hub.files["preprocessor_config.json"] = {"{}"};
        hub.files["vocab.json"] = {"[]"};
        hub.files["README.md"] = {"not needed"};
        hub.files["pytorch_model.bin"] = {"not needed either", true};
        hub.files["model.safetensors"] = {noise(weights_size), true};
        settings.endpoint = hub.endpoint();
        settings.cache = folder / "hub";
        settings.progress = ProgressStyle::none;
        settings.retry.sleep = [this](std::chrono::milliseconds delay) { delays.push_back(delay); };
    }

    PulledModel pull(const std::string& revision = "main") {
        return pull_model({"owner", "small", revision}, settings);
    }
    // The message of the exception of exactly that type that a pull throws.
    template <typename Exception>
    std::string refusal(const std::string& revision = "main") {
        try {
            pull(revision);
        } catch (const Exception& error) {
            EXPECT_EQ(typeid(error), typeid(Exception)) << error.what();
            return error.what();
        }
        ADD_FAILURE() << "nothing was thrown";
        return {};
    }
    fs::path repository() const { return folder / "hub/models--owner--small"; }
    fs::path weights_blob() const {
        return repository() / "blobs" / sha256_of(hub.files.at("model.safetensors").content);
    }
    fs::path partial() const { return weights_blob().string() + ".incomplete"; }
    std::string pulled_weights() const {
        return read_text(repository() / "snapshots" / hub.commit / "model.safetensors");
    }
    bool is_whole() const { return pulled_weights() == hub.files.at("model.safetensors").content; }

    TemporaryFolder folder;
    HubServer hub;
    HubSettings settings;
    std::vector<std::chrono::milliseconds> delays;
};

TEST_F(PullModel, BringsTheNeededFilesAndNoOthersInHuggingFacesLayout) {
    const PulledModel model = pull();
    EXPECT_EQ(model.folder, repository() / "snapshots" / hub.commit);
    EXPECT_EQ(model.commit, hub.commit);
    EXPECT_EQ(model.files, (std::vector<std::string>{"config.json", "preprocessor_config.json", "vocab.json",
                                                     "model.safetensors"}));
    EXPECT_EQ(model.downloaded_bytes, weights_size + 22 + 2 + 2);
    EXPECT_TRUE(is_whole());
    EXPECT_FALSE(fs::exists(model.folder / "README.md"));
    EXPECT_FALSE(fs::exists(model.folder / "pytorch_model.bin"));
    EXPECT_EQ(read_text(repository() / "refs/main"), hub.commit);
    EXPECT_EQ(fs::read_symlink(model.folder / "model.safetensors"),
              fs::path("../../blobs") / sha256_of(hub.files["model.safetensors"].content));
    EXPECT_EQ(fs::read_symlink(model.folder / "config.json"),
              fs::path("../../blobs") / git_sha1_of(hub.files["config.json"].content));
    EXPECT_EQ(cached_snapshot(settings.cache, {"owner", "small"}), model.folder);
}

TEST_F(PullModel, BringsNothingTwice) {
    pull();
    const std::size_t requests = hub.seen().size();
    EXPECT_EQ(pull().downloaded_bytes, 0);
    EXPECT_EQ(hub.seen().size(), requests + 1) << "the listing alone";
    fs::remove(repository() / "snapshots" / hub.commit / "model.safetensors");
    EXPECT_EQ(pull().downloaded_bytes, 0);
    EXPECT_TRUE(is_whole()) << "a link that was lost is made anew";
    fs::resize_file(weights_blob(), 100);
    EXPECT_EQ(pull().downloaded_bytes, weights_size);
    EXPECT_TRUE(is_whole()) << "a blob that was cut is downloaded again";
}

TEST_F(PullModel, OfACommitOrAReferenceKeepsItsName) {
    pull(hub.commit);
    EXPECT_FALSE(fs::exists(repository() / "refs")) << "a commit needs no name";
    pull("refs/pr/3");
    EXPECT_EQ(read_text(repository() / "refs/refs/pr/3"), hub.commit);
    EXPECT_NE(refusal<UsageError>("v9").find("has no revision v9"), std::string::npos);
}

TEST_F(PullModel, TakesShardsThatTheIndexNames) {
    hub.files.erase("model.safetensors");
    hub.files["model-1.safetensors"] = {noise(1000), true};
    hub.files["model-2.safetensors"] = {noise(2000), true};
    hub.files["other-3.safetensors"] = {noise(3000), true};
    hub.files["model.safetensors.index.json"] = {
        R"({"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors", "c": "model-1.safetensors"}})"};
    const PulledModel model = pull();
    EXPECT_EQ(read_text(model.folder / "model-2.safetensors"), noise(2000));
    EXPECT_TRUE(fs::exists(model.folder / "model-1.safetensors"));
    EXPECT_FALSE(fs::exists(model.folder / "other-3.safetensors"));
}

TEST_F(PullModel, RefusesAnIndexThatNamesWhatIsNoShard) {
    hub.files.erase("model.safetensors");
    hub.files["model.safetensors.index.json"] = {R"({"weight_map": {"a": "../../../../.bashrc"}})"};
    EXPECT_NE(refusal<Error>().find(".bashrc"), std::string::npos);
    hub.files["model.safetensors.index.json"] = {R"({"weight_map": {"a": "gone.safetensors"}})"};
    EXPECT_NE(refusal<Error>().find("gone.safetensors"), std::string::npos);
}

TEST_F(PullModel, RefusesAListingWithANameThatLeadsOutOfTheFolder) {
    for (const char* name : {"../config.json", "/etc/passwd", "a/../../b", "..\\b", "a//b"}) {
        hub.files["README.md"].listed_name = name;
        EXPECT_NE(refusal<Error>().find("does not stay in its folder"), std::string::npos) << name;
    }
}

TEST_F(PullModel, ShowsTheTokenToTheHubAndToNobodyElse) {
    settings.token = "hf_secret";
    hub.required_token = "hf_secret";
    pull();
    int at_hub = 0, at_store = 0;
    for (const HubServer::Seen& request : hub.seen()) {
        (request.server == "hub" ? at_hub : at_store) += 1;
        EXPECT_EQ(request.authorization, request.server == "hub" ? "Bearer hf_secret" : "") << request.target;
    }
    EXPECT_GT(at_hub, 0);
    EXPECT_GT(at_store, 0);
}

TEST_F(PullModel, WithoutAPermissionSaysWhatToDo) {
    hub.required_token = "hf_secret";
    EXPECT_NE(refusal<UsageError>().find("HF_TOKEN"), std::string::npos);
    settings.token = "hf_wrong";
    const std::string message = refusal<UsageError>();
    EXPECT_NE(message.find("HF_TOKEN"), std::string::npos) << message;
    EXPECT_EQ(message.find("hf_wrong"), std::string::npos) << message;
    hub.required_token.reset();
    hub.fail("listing", {{403, {{"X-Error-Code", "GatedRepo"}}}, {403, {}}});
    EXPECT_NE(refusal<UsageError>().find("is gated: accept its terms at " + hub.endpoint() + "/owner/small"),
              std::string::npos);
    EXPECT_NE(refusal<UsageError>().find("lacks the right"), std::string::npos);
    EXPECT_TRUE(delays.empty());
}

TEST_F(PullModel, OfWhatDoesNotExistSaysWhatIsMissing) {
    try {
        pull_model({"owner", "nothing"}, settings);
        ADD_FAILURE();
    } catch (const UsageError& error) {
        EXPECT_NE(std::string(error.what()).find("no repository owner/nothing"), std::string::npos)
            << error.what();
    }
    hub.files.erase("model.safetensors");
    hub.files.erase("pytorch_model.bin");
    EXPECT_NE(refusal<UsageError>().find("holds no model that clipsim reads"), std::string::npos);
    EXPECT_TRUE(delays.empty());
}

TEST_F(PullModel, WaitsAsLongAsABusyServerAsks) {
    hub.fail("listing", {{429, {{"Retry-After", "7"}}}, {503, {}}});
    hub.fail("model.safetensors", {{500, {}}});
    hub.fail("HEAD config.json", {{502, {}}});
    pull();
    EXPECT_TRUE(is_whole());
    EXPECT_EQ(delays, (std::vector<std::chrono::milliseconds>{7s, 2s, 1s, 1s}));
}

TEST_F(PullModel, GivesUpOnAServerThatStaysBusy) {
    settings.retry.attempts = 3;
    hub.fail("listing", {{500, {}}, {500, {}}, {500, {}}});
    EXPECT_NE(refusal<Error>().find("500 (3 attempts)"), std::string::npos);
    EXPECT_EQ(delays.size(), 2);
    hub.fail("listing", {{429, {{"Retry-After", "86400"}}}});
    EXPECT_NE(refusal<Error>().find("86400 seconds"), std::string::npos);
    EXPECT_EQ(delays.size(), 2) << "a day is not waited for";
}

TEST_F(PullModel, GoesOnWhereAConnectionBroke) {
    hub.fail("model.safetensors", {{.cut_after = 1'000'000}, {.cut_after = 500'000}});
    EXPECT_EQ(pull().downloaded_bytes, weights_size + 26);
    EXPECT_TRUE(is_whole());
    std::vector<std::string> ranges;
    for (const auto& request : hub.seen()) {
        if (request.server == "store") ranges.push_back(request.range);
    }
    EXPECT_EQ(ranges, (std::vector<std::string>{"", "bytes=1000000-", "bytes=1500000-"}));
}

TEST_F(PullModel, OfAServerThatSendsNoPartsBeginsAnew) {
    hub.fail("model.safetensors", {{.cut_after = 1'000'000}, {.ignore_range = true}});
    EXPECT_EQ(pull().downloaded_bytes, 1'000'000 + weights_size + 26);
    EXPECT_TRUE(is_whole());
}

TEST_F(PullModel, GoesOnWhereAFormerRunEnded) {
    settings.retry.attempts = 1;
    hub.fail("model.safetensors", {{.cut_after = 1'000'000}});
    EXPECT_NE(refusal<Error>().find("what was downloaded is kept"), std::string::npos);
    EXPECT_EQ(fs::file_size(partial()), 1'000'000);
    EXPECT_FALSE(fs::exists(repository() / "refs/main")) << "the name comes when all is there";
    EXPECT_EQ(pull().downloaded_bytes, 2'000'000);
    EXPECT_TRUE(is_whole());
    EXPECT_FALSE(fs::exists(partial()));
}

TEST_F(PullModel, DropsAPartThatWasDamaged) {
    write_text(partial(), noise(1'000'001).substr(1));
    EXPECT_EQ(pull().downloaded_bytes, 2'000'000 + weights_size + 26);
    EXPECT_TRUE(is_whole());
    fs::remove(weights_blob());
    write_text(partial(), std::string(weights_size + 1, 'x'));
    pull();
    EXPECT_TRUE(is_whole()) << "a part longer than the file";
}

TEST_F(PullModel, KeepsNothingOfAFileThatIsNotWhatTheHubStates) {
    hub.files["vocab.json"].sent = "()";
    EXPECT_NE(refusal<Error>().find("checksum differs"), std::string::npos) << "small files have one, too";
    hub.files["vocab.json"].sent.reset();
    hub.files["model.safetensors"].sent = noise(weights_size).replace(1000, 1, "x");
    EXPECT_NE(refusal<Error>().find("checksum differs"), std::string::npos);
    EXPECT_FALSE(fs::exists(weights_blob()));
    EXPECT_FALSE(fs::exists(partial()));
    EXPECT_FALSE(fs::exists(repository() / "refs/main"));
}

TEST_F(PullModel, StopsAServerThatSendsMoreThanItStates) {
    hub.files["model.safetensors"].sent = noise(weights_size) + "more";
    EXPECT_NE(refusal<Error>().find("sends more than the 3000000 bytes"), std::string::npos);
    EXPECT_FALSE(fs::exists(weights_blob()));
    EXPECT_FALSE(fs::exists(partial()));
}

TEST_F(PullModel, ThatIsSentLessThanStatedIsNoModel) {
    settings.retry.attempts = 3;
    hub.files["model.safetensors"].sent = noise(weights_size).substr(0, 5000);
    EXPECT_NE(refusal<Error>().find("attempts"), std::string::npos);
    EXPECT_FALSE(fs::exists(weights_blob()));
}

TEST_F(PullModel, DoesNotBelieveASizeThatNoModelHas) {
    hub.files["model.safetensors"].listed_size = UINT64_C(1) << 60;
    EXPECT_NE(refusal<Error>().find("which no model has"), std::string::npos);
    hub.files["model.safetensors"].listed_size = UINT64_C(1) << 35;
    EXPECT_NE(refusal<Error>().find("contradicts itself"), std::string::npos);
}

TEST_F(PullModel, OfAHubWhoseListingStatesNoChecksumsGoesByTheFilesHeaders) {
    hub.blobs_in_listing = false;
    EXPECT_EQ(pull().downloaded_bytes, weights_size + 26);
    EXPECT_TRUE(fs::exists(weights_blob()));
    fs::remove(weights_blob());
    hub.files["model.safetensors"].sent = noise(weights_size).replace(1000, 1, "x");
    EXPECT_NE(refusal<Error>().find("checksum differs"), std::string::npos);
}

TEST_F(PullModel, OnAFullDiskKeepsWhatCame) {
    struct rlimit before {};
    ::getrlimit(RLIMIT_FSIZE, &before);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);  // or the limit would end the process
    struct rlimit small = before;
    small.rlim_cur = 1'000'000;
    ::setrlimit(RLIMIT_FSIZE, &small);
    const std::string message = refusal<Error>();
    ::setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
    EXPECT_NE(message.find("make room"), std::string::npos) << message;
    EXPECT_EQ(fs::file_size(partial()), 1'000'000);
    EXPECT_EQ(pull().downloaded_bytes, 2'000'000);
    EXPECT_TRUE(is_whole());
}

TEST_F(PullModel, ThatIsInterruptedKeepsWhatCame) {
    std::stop_source stop;
    settings.stop = stop.get_token();
    hub.fail("model.safetensors", {{.cut_after = 1'000'000, .hold = true}});
    std::jthread watcher([&] {
        std::error_code error;
        while (fs::file_size(partial(), error) != 1'000'000 || error) std::this_thread::sleep_for(5ms);
        stop.request_stop();
    });
    EXPECT_NE(refusal<Interrupted>().find("kept"), std::string::npos);
    EXPECT_EQ(fs::file_size(partial()), 1'000'000);
    settings.stop = {};
    EXPECT_EQ(pull().downloaded_bytes, 2'000'000);
    EXPECT_TRUE(is_whole());
}

TEST_F(PullModel, OfTwoAtOnceDownloadsOnce) {
    hub.fail("model.safetensors", {{.cut_after = 1'000'000}});
    HubSettings other = settings;
    other.retry.sleep =
        settings.retry.sleep = [](std::chrono::milliseconds) { std::this_thread::sleep_for(50ms); };
    std::uint64_t theirs = 0;
    std::thread neighbour([&] { theirs = pull_model({"owner", "small"}, other).downloaded_bytes; });
    const std::uint64_t ours = pull().downloaded_bytes;
    neighbour.join();
    EXPECT_EQ(ours + theirs, weights_size + 26);
    EXPECT_EQ(hub.downloads("model.safetensors"), 2) << "one, in two parts";
    EXPECT_TRUE(is_whole());
}

TEST_F(PullModel, FollowsNoCircle) {
    hub.fail("config.json", std::vector<HubServer::Fault>(20, {302, {{"Location", "config.json"}}}));
    EXPECT_NE(refusal<Error>().find("redirects again and again"), std::string::npos);
}

TEST_F(PullModel, IsToldWhenThereIsNoHub) {
    settings.endpoint = "http://127.0.0.1:1";
    EXPECT_NE(refusal<Error>().find("no connection to http://127.0.0.1:1"), std::string::npos);
}

TEST_F(PullModel, OfAServerThatIsNoHubSaysSo) {
    hub.fail("listing", {{200, {}}});
    EXPECT_NE(refusal<Error>().find("is HF_ENDPOINT right?"), std::string::npos);
}

TEST_F(PullModel, OfflineTakesWhatIsHereAndAsksNobody) {
    settings.offline = true;
    EXPECT_NE(refusal<UsageError>().find("HF_HUB_OFFLINE is set"), std::string::npos);
    settings.offline = false;
    pull();
    const std::size_t requests = hub.seen().size();
    settings.offline = true;
    const PulledModel model = pull();
    EXPECT_EQ(model.folder, repository() / "snapshots" / hub.commit);
    EXPECT_EQ(model.downloaded_bytes, 0);
    EXPECT_EQ(hub.seen().size(), requests);
    fs::remove(model.folder / "model.safetensors");
    EXPECT_NE(refusal<UsageError>().find("does not hold"), std::string::npos);
}

}  // namespace
}  // namespace clipsim::testing
