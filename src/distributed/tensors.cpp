#include "clipsim/distributed/tensors.h"

#include "process_group_impl.h"

namespace clipsim {

GatheredRows gather_rows(ProcessGroup& group, const torch::Tensor& local) {
    if (group.impl() == nullptr) return {local.detach(), 0};
    const torch::NoGradGuard no_grad;
    const torch::Tensor own = local.detach();
    std::vector<std::int64_t> counts;
    std::int64_t longest = 0;
    for (const torch::Tensor& count :
         group.impl()->all_gather(torch::full({1}, own.size(0), torch::kInt64))) {
        counts.push_back(count.item<std::int64_t>());
        longest = std::max(longest, counts.back());
    }
    std::vector<std::int64_t> shape = own.sizes().vec();
    shape[0] = longest;
    torch::Tensor padded = torch::zeros(shape, own.options());
    padded.narrow(0, 0, own.size(0)).copy_(own);
    std::vector<torch::Tensor> parts;
    if (longest > 0) parts = group.impl()->all_gather(padded);
    GatheredRows result;
    for (std::size_t rank = 0; rank < parts.size(); ++rank) {
        parts[rank] = parts[rank].narrow(0, 0, counts[rank]);
        if (static_cast<int>(rank) < group.rank()) result.first += counts[rank];
    }
    result.rows = parts.empty() ? own : torch::cat(parts);
    return result;
}

void sum_over_ranks(ProcessGroup& group, std::span<const torch::Tensor> tensors) {
    if (group.impl() == nullptr || tensors.empty()) return;
    const torch::NoGradGuard no_grad;
    // One message for all of them.
    std::vector<torch::Tensor> flat;
    for (const torch::Tensor& tensor : tensors)
        flat.push_back(tensor.detach().flatten().to(tensors.front().device()));
    torch::Tensor sum = torch::cat(flat);
    group.impl()->all_reduce_sum(sum);
    std::int64_t start = 0;
    for (const torch::Tensor& tensor : tensors) {
        torch::Tensor(tensor).copy_(sum.narrow(0, start, tensor.numel()).view(tensor.sizes()));
        start += tensor.numel();
    }
}

void sum_gradients(ProcessGroup& group, std::span<const torch::Tensor> parameters) {
    if (group.impl() == nullptr) return;
    std::vector<torch::Tensor> gradients;
    for (torch::Tensor parameter : parameters) {
        if (!parameter.grad().defined()) parameter.mutable_grad() = torch::zeros_like(parameter);
        gradients.push_back(parameter.grad());
    }
    sum_over_ranks(group, gradients);
}

}  // namespace clipsim
