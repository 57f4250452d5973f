#include "clipsim/distributed/process_group.h"

#include "clipsim/core/text.h"
#include "process_group_impl.h"

namespace clipsim {

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
                                      printable(text.substr(0, text.find_first_of("\n."))), ")"));
    }
}

std::vector<torch::Tensor> ProcessGroup::Impl::all_gather(const torch::Tensor& local) {
    std::vector<torch::Tensor> inputs{local.contiguous()};
    std::vector<std::vector<torch::Tensor>> outputs(1);
    for (int rank = 0; rank < gloo->getSize(); ++rank) outputs[0].push_back(torch::empty_like(inputs[0]));
    run([&] { gloo->allgather(outputs, inputs)->wait(); });
    return outputs[0];
}

void ProcessGroup::Impl::all_reduce_sum(torch::Tensor& tensor) {
    std::vector<torch::Tensor> tensors{tensor};
    run([&] { gloo->allreduce(tensors)->wait(); });
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
