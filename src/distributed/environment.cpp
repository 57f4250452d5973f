#include "clipsim/distributed/environment.h"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <optional>

#include "clipsim/core/parallel.h"
#include "clipsim/core/strings.h"
#include "clipsim/core/text.h"
#include "process_group_impl.h"
#include "rendezvous.h"

namespace clipsim {

namespace {

std::optional<std::string> variable(const char* name) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets any
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
}

std::optional<int> number(const char* name) {
    const std::optional<std::string> text = variable(name);
    if (!text) return std::nullopt;
    const std::optional<int> value = parse_number<int>(*text);
    if (!value || *value < 0) {
        throw UsageError(concat("the environment variable ", name, " is \"", printable(*text),
                                "\", not a number from 0 on"));
    }
    return value;
}

template <typename T>
T required(const char* name, const std::optional<T>& value) {
    if (value) return *value;
    throw UsageError(
        concat("WORLD_SIZE is set but ", name,
               " is not: start all processes with torchrun, or set RANK, WORLD_SIZE, MASTER_ADDR "
               "and MASTER_PORT for each"));
}

std::shared_ptr<::gloo::transport::Device> network_device() {
    using Gloo = c10d::ProcessGroupGloo;
    // Releases before 2.7 have no second parameter.
    const auto make = []<typename T>(std::type_identity<T>) {
        const std::optional<std::string> interface = variable("GLOO_SOCKET_IFNAME");
        if constexpr (requires { T::createDefaultDevice(false); }) {
            return interface ? T::createDeviceForInterface(*interface, false) : T::createDefaultDevice(false);
        } else {
            return interface ? T::createDeviceForInterface(*interface) : T::createDefaultDevice();
        }
    };
    return make(std::type_identity<Gloo>{});
}

}  // namespace

int launched_processes() {
    return std::max(1, number("WORLD_SIZE").value_or(1));
}

std::shared_ptr<ProcessGroup> ProcessGroup::from_environment(double timeout_s, const std::stop_token& stop) {
    auto group = std::make_shared<ProcessGroup>();
    const int size = launched_processes();
    if (size == 1) return group;
    const int rank = required("RANK", number("RANK"));
    if (rank >= size)
        throw UsageError(
            concat("RANK is ", rank, ", but WORLD_SIZE ", size, ": ranks go from 0 to ", size - 1));
    const std::string address = required("MASTER_ADDR", variable("MASTER_ADDR"));
    const int port = required("MASTER_PORT", number("MASTER_PORT"));
    if (port == 0 || port > 65535) throw UsageError(concat("MASTER_PORT is ", port, ", not a port"));

    group->rank_ = rank;
    group->size_ = size;
    group->impl_ = std::make_unique<Impl>();
    group->impl_->name = concat("rank ", rank, " of ", size);
    const std::chrono::milliseconds timeout(static_cast<std::int64_t>(timeout_s * 1000));
    group->impl_->timeout = timeout;
    group->impl_->stop = stop;
    // A rank that is lost while this one sends is told by an error, not by a signal that ends this one too.
    ::signal(SIGPIPE, SIG_IGN);
    // torchrun's agent may serve the store already.
    const bool agent_serves = variable("TORCHELASTIC_USE_AGENT_STORE").value_or("") == "True";
    group->impl_->run([&] {
        group->impl_->store = meet_at({address, port, rank, size, rank == 0 && !agent_serves,
                                       variable("TORCHELASTIC_RESTART_COUNT").value_or("0")},
                                      timeout, stop);
        auto gloo = c10d::ProcessGroupGloo::Options::create(timeout);
        gloo->devices.push_back(network_device());
        group->impl_->gloo =
            c10::make_intrusive<c10d::ProcessGroupGloo>(group->impl_->store, rank, size, std::move(gloo));
    });
    return group;
}

std::string device_of_process(const std::string& device) {
    const std::optional<int> local_rank = number("LOCAL_RANK");
    if (!local_rank || (device != "auto" && device != "cuda") || !torch::cuda::is_available()) return device;
    return concat("cuda:", *local_rank % std::max<int>(1, static_cast<int>(torch::cuda::device_count())));
}

int threads_of_process(int threads) {
    const std::optional<int> processes = number("LOCAL_WORLD_SIZE");
    if (threads > 0 || !processes || *processes <= 1) return threads;
    return std::max(1, static_cast<int>(thread_count(0)) / *processes);
}

}  // namespace clipsim
