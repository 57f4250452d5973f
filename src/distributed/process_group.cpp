#include "clipsim/distributed/process_group.h"

#include <algorithm>

#include "clipsim/core/text.h"
#include "process_group_impl.h"

namespace clipsim {

namespace {

std::string first_sentence(const std::string& text) {
    return text.substr(0, std::min(text.find('\n'), text.find(". ")));
}

}  // namespace

ProcessGroup::ProcessGroup() = default;
ProcessGroup::~ProcessGroup() = default;

void ProcessGroup::Impl::run(const std::function<void()>& collective) const {
    try {
        collective();
    } catch (const std::exception& error) {
        const auto* of_torch = dynamic_cast<const c10::Error*>(&error);
        const std::string text = of_torch != nullptr ? of_torch->what_without_backtrace() : error.what();
        throw LostProcessError(concat(name,
                                      ": another process of the group ended, or kept this one waiting for "
                                      "longer than distributed.timeout_s (",
                                      printable(first_sentence(text)), ")"));
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
    const torch::Tensor padded = torch::zeros({longest}, torch::kUInt8);
    std::copy(bytes.begin(), bytes.end(), padded.data_ptr<std::uint8_t>());
    std::vector<std::string> result;
    for (const torch::Tensor& other : impl_->all_gather(padded)) {
        const auto* begin = other.data_ptr<std::uint8_t>();
        result.emplace_back(begin, begin + lengths[result.size()]);
    }
    return result;
}

}  // namespace clipsim
