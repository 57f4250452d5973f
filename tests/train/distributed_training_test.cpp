// Several processes train as one: each test starts this program again, once a rank.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "clipsim/model/safetensors.h"
#include "clipsim/train/trainer.h"
#include "train/painted_world.h"

namespace clipsim::testing {
namespace {

// What a rank is to do, handed on in an environment variable.
constexpr const char* order_variable = "CLIPSIM_TEST_ORDER";

int free_port() {
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(listener, generic, length), 0);
    EXPECT_EQ(::getsockname(listener, generic, &length), 0);
    ::close(listener);
    return ntohs(address.sin_port);
}

pid_t start_rank(int rank, int size, int port, const nlohmann::json& order) {
    std::vector<std::string> variables;
    for (char** variable = environ; *variable != nullptr; ++variable) variables.emplace_back(*variable);
    for (const std::string& text :
         {"RANK=" + std::to_string(rank), "WORLD_SIZE=" + std::to_string(size),
          std::string("MASTER_ADDR=127.0.0.1"), "MASTER_PORT=" + std::to_string(port),
          std::string("GLOO_SOCKET_IFNAME=lo"), order_variable + ("=" + order.dump())}) {
        variables.push_back(text);
    }
    std::vector<char*> environment;
    for (std::string& variable : variables) environment.push_back(variable.data());
    environment.push_back(nullptr);
    std::string program = "/proc/self/exe", filter = "--gtest_filter=Rank.*",
                disabled = "--gtest_also_run_disabled_tests";
    char* arguments[] = {program.data(), filter.data(), disabled.data(), nullptr};
    pid_t child = -1;
    EXPECT_EQ(::posix_spawn(&child, program.c_str(), nullptr, nullptr, arguments, environment.data()), 0);
    return child;
}

// The exit codes of the ranks.
std::vector<int> run_ranks(int size, const nlohmann::json& order) {
    const int port = free_port();
    std::vector<pid_t> children;
    for (int rank = 0; rank < size; ++rank) children.push_back(start_rank(rank, size, port, order));
    std::vector<int> codes;
    for (const pid_t child : children) {
        int status = 0;
        ::waitpid(child, &status, 0);
        codes.push_back(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    }
    return codes;
}

void set_up(PaintedWorld& world, Loss loss, int views = 2) {
    // The default rates: at high ones Adam makes steps of gradients that are rounding alone.
    world.options.train.stage1.learning_rate = 1e-3;
    world.options.train.stage2.learning_rate = 3e-4;
    world.options.train.loss = loss;
    world.options.train.ema_decay = loss == Loss::supcon ? 0.9 : 0;
    world.options.train.accumulate_batches = loss == Loss::supcon ? 2 : 1;
    world.options.train.augment_views = views;
}

void expect_same_models(const std::filesystem::path& one, const std::filesystem::path& several) {
    const SafetensorsFile a(one / "checkpoints/last_model.safetensors"),
        b(several / "checkpoints/last_model.safetensors");
    ASSERT_EQ(a.names(), b.names());
    for (const std::string& name : a.names()) {
        // Softmax does not see it: its gradient is rounding alone, which Adam turns into steps.
        if (name.ends_with("k_proj.bias")) continue;
        EXPECT_LT((a.tensor(name) - b.tensor(name)).abs().max().item<double>(), 1e-4) << name;
    }
    const std::vector<EpochRecord> left = read_metrics(one / "metrics.jsonl"),
                                   right = read_metrics(several / "metrics.jsonl");
    ASSERT_EQ(left.size(), right.size());
    for (std::size_t i = 0; i < left.size(); ++i) {
        EXPECT_NEAR(left[i].loss, right[i].loss, 1e-4) << i;
        EXPECT_NEAR(left[i].validation.mean_average_precision_at_r,
                    right[i].validation.mean_average_precision_at_r, 1e-4)
            << i;
    }
}

// One rank of a test below; alone it does nothing.
TEST(Rank, DISABLED_Trains) {
    const char* text = std::getenv(order_variable);
    if (text == nullptr) GTEST_SKIP() << "is started by other tests";
    const nlohmann::json order = nlohmann::json::parse(text);
    PaintedWorld world;
    set_up(world, static_cast<Loss>(order.at("loss").get<int>()), order.value("views", 2));
    world.options.output_dir = order.at("output").get<std::string>();
    world.options.processes = ProcessGroup::from_environment(60);
    std::atomic<int> left = order.value("dies_after", 1 << 30);
    if (world.options.processes->rank() == order.value("dies", -1)) {
        world.decode = [&left](const std::filesystem::path& file) {
            if (--left == 0) ::_exit(9);
            return paint(file);
        };
    }
    try {
        world.train();
    } catch (const LostProcessError& error) {
        write_text(world.options.output_dir / "error.txt", error.what());
        ::_exit(1);
    }
}

TEST(DistributedTraining, TwoAndFourProcessesGiveTheModelOfOne) {
    for (const Loss loss : {Loss::triplet, Loss::supcon, Loss::proxy_anchor}) {
        PaintedWorld world;
        set_up(world, loss);
        world.train();
        for (const int size : {2, 4}) {
            SCOPED_TRACE(size);
            const std::filesystem::path output = world.folder / std::to_string(size);
            const nlohmann::json order{{"loss", static_cast<int>(loss)}, {"output", output.string()}};
            EXPECT_EQ(run_ranks(size, order), std::vector<int>(static_cast<std::size_t>(size), 0));
            expect_same_models(world.options.output_dir, output);
        }
    }
}

TEST(DistributedTraining, ALostProcessEndsAllWithAnErrorAndAStateToGoOnFrom) {
    PaintedWorld whole, resumed;
    set_up(whole, Loss::triplet, 0);
    set_up(resumed, Loss::triplet, 0);
    whole.train();
    // Rank 1 reads 18 + 6 photos for the features, then 20 an epoch of stage 2: lost within the second.
    const nlohmann::json order{{"loss", static_cast<int>(Loss::triplet)},
                               {"output", resumed.options.output_dir.string()},
                               {"views", 0},
                               {"dies", 1},
                               {"dies_after", 54}};
    const std::vector<int> codes = run_ranks(2, order);
    EXPECT_EQ(codes, (std::vector<int>{1, 9}));
    const std::string said = read_text(resumed.options.output_dir / "error.txt");
    EXPECT_NE(said.find("rank 0 of 2: another process of the group ended"), std::string::npos) << said;
    resumed.options.resume = true;
    resumed.train();
    expect_same_models(whole.options.output_dir, resumed.options.output_dir);
}

}  // namespace
}  // namespace clipsim::testing
