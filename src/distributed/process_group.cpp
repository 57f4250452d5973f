#include "clipsim/distributed/process_group.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/core/wait_notice.h"
#include "process_group_impl.h"
#include "rendezvous.h"

namespace clipsim {

namespace {

std::vector<std::string> split_at_zero(const std::string& text) {
    std::vector<std::string> parts;
    for (std::size_t start = 0; start < text.size();) {
        const std::size_t end = std::min(text.find('\0', start), text.size());
        parts.push_back(text.substr(start, end - start));
        start = end + 1;
    }
    return parts;
}

std::string shown(const std::string& value) {
    const std::string line = printable(value);
    return line.size() > 80 ? line.substr(0, 77) + "..." : line;
}

[[noreturn]] void throw_out_of_step() {
    throw Error(
        "the processes are out of step: they are not of one version, or one of them works on other files; "
        "start "
        "all with the same program, files and settings");
}

std::string differing_programs(std::size_t rank) {
    return concat("rank ", rank,
                  " does something else than rank 0, or is another version of clipsim; start all "
                  "with the same program and arguments");
}

}  // namespace

ProcessGroup::ProcessGroup() = default;
ProcessGroup::~ProcessGroup() = default;

void ProcessGroup::Impl::run(const std::function<void()>& collective) const {
    try {
        collective();
    } catch (const Error&) {
        throw;  // ours, which says more
    } catch (const std::exception& error) {
        const auto* of_torch = dynamic_cast<const c10::Error*>(&error);
        const std::string text = of_torch != nullptr ? of_torch->what_without_backtrace() : error.what();
        log_debug(concat("the exchange says: ", printable(text)));
        throw LostProcessError(concat(name,
                                      ": another process of the group ended, or kept this one waiting for "
                                      "longer than distributed.timeout_s; what it said itself tells why"));
    }
}

ProcessGroup::Impl::Route ProcessGroup::Impl::route_of(const torch::Tensor& tensor) const {
    if (nccl && tensor.is_cuda()) return {nccl->backend(), tensor.device()};
    return {*gloo, torch::kCPU};
}

// NCCL may learn only from the timeout that a process is gone; Gloo learns it at once.
void ProcessGroup::Impl::meet_before(const Route& route) const {
    if (route.device.is_cuda()) gloo->barrier()->wait();
}

std::vector<torch::Tensor> ProcessGroup::Impl::all_gather(const torch::Tensor& local) {
    const Route route = route_of(local);
    std::vector<torch::Tensor> inputs{local.to(route.device).contiguous()};
    std::vector<std::vector<torch::Tensor>> outputs(1);
    for (int rank = 0; rank < gloo->getSize(); ++rank) outputs[0].push_back(torch::empty_like(inputs[0]));
    run([&] {
        meet_before(route);
        route.backend.allgather(outputs, inputs)->wait();
    });
    for (torch::Tensor& output : outputs[0]) output = output.to(local.device());
    return outputs[0];
}

void ProcessGroup::Impl::all_reduce_sum(torch::Tensor& tensor) {
    const Route route = route_of(tensor);
    std::vector<torch::Tensor> tensors{tensor.to(route.device)};
    run([&] {
        meet_before(route);
        route.backend.allreduce(tensors)->wait();
    });
    tensor = tensors[0].to(tensor.device());
}

std::pair<std::size_t, std::size_t> ProcessGroup::share_of(std::size_t count) const {
    const auto rank = static_cast<std::size_t>(rank_), size = static_cast<std::size_t>(size_);
    return {count * rank / size, count * (rank + 1) / size};
}

bool ProcessGroup::any(bool value) {
    if (!impl_) return value;
    torch::Tensor votes = torch::full({1}, value ? 1 : 0, torch::kInt64);
    impl_->all_reduce_sum(votes);
    return votes.item<std::int64_t>() > 0;
}

std::vector<std::string> ProcessGroup::gather(const std::string& bytes) {
    if (!impl_) return {bytes};
    const auto length = static_cast<std::int64_t>(bytes.size());
    std::int64_t longest = 1;
    std::vector<std::int64_t> lengths;
    for (const torch::Tensor& other : impl_->all_gather(torch::full({1}, length, torch::kInt64))) {
        lengths.push_back(other.item<std::int64_t>());
        longest = std::max(longest, lengths.back());
    }
    constexpr std::int64_t most = std::int64_t{1} << 34;
    if (longest > most || std::ranges::any_of(lengths, [](std::int64_t n) { return n < 0; }))
        throw_out_of_step();
    const torch::Tensor padded = torch::zeros({longest}, torch::kUInt8);
    std::copy(bytes.begin(), bytes.end(), padded.data_ptr<std::uint8_t>());
    std::vector<std::string> result;
    for (const torch::Tensor& other : impl_->all_gather(padded)) {
        const auto* begin = other.data_ptr<std::uint8_t>();
        result.emplace_back(begin, begin + lengths[result.size()]);
    }
    return result;
}

void ProcessGroup::meet(const std::string& what) {
    if (!impl_) return;
    constexpr std::chrono::milliseconds often{2}, seldom{50};
    Impl& impl = *impl_;
    const std::string prefix = concat("meeting/", impl.meetings++, "/");
    impl.run([&] {
        impl.store->set(concat(prefix, rank_), std::string("1"));
        const auto barrier = impl.gloo->barrier();  // learns at once of a rank that is lost
        for (PolledWait wait; !barrier->isCompleted();) {
            if (impl.stop.stop_requested()) {
                // Whose end would wait for the barrier.
                static_cast<void>(impl.gloo.release());
                throw Interrupted(concat("while waiting for other ranks ", what));
            }
            if (wait.is_to_be_told())
                log_warning(concat("waiting for ", ranks_missing(*impl.store, prefix, size_), " ", what));
            std::this_thread::sleep_for(wait.waited() < seldom ? often : seldom);
        }
        barrier->wait();
    });
}

void ProcessGroup::require_same(const std::vector<std::pair<std::string, std::string>>& facts) {
    if (!impl_) return;
    meet("to say what it works with");
    // Each part ends with a byte that no path, key or JSON has.
    std::string own;
    for (const auto& [name, value] : facts) own += name + '\0' + value + '\0';
    const std::vector<std::string> all = gather(own);
    const std::vector<std::string> first = split_at_zero(all.front());
    for (std::size_t rank = 1; rank < all.size(); ++rank) {
        if (all[rank] == all.front()) continue;
        const std::vector<std::string> other = split_at_zero(all[rank]);
        for (std::size_t i = 0; i + 1 < std::min(first.size(), other.size()); i += 2) {
            if (first[i] == other[i] && first[i + 1] == other[i + 1]) continue;
            throw UsageError(first[i] == other[i]
                                 ? concat("the processes do not agree on ", first[i], ": rank 0 has ",
                                          shown(first[i + 1]), ", rank ", rank, " has ", shown(other[i + 1]),
                                          "; start all with the same files and settings")
                                 : differing_programs(rank));
        }
        throw UsageError(differing_programs(rank));
    }
}

}  // namespace clipsim
