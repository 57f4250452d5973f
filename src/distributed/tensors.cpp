#include "clipsim/distributed/tensors.h"

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"
#include "process_group_impl.h"

namespace clipsim {

namespace {

std::int64_t width_of(const torch::Tensor& rows) {
    std::int64_t width = 1;
    for (const std::int64_t size : rows.sizes().slice(1)) width *= size;
    return width;
}

[[noreturn]] void throw_other_sizes(std::size_t rank) {
    throw Error(concat("rank ", rank,
                       " sends vectors of another size or type than this process: the ranks do not work "
                       "with the same model and settings; start all with the same files and settings"));
}

}  // namespace

GatheredRows gather_rows(ProcessGroup& group, const torch::Tensor& local) {
    if (group.impl() == nullptr) return {local.detach(), 0};
    const torch::NoGradGuard no_grad;
    const torch::Tensor own = local.detach();
    // Rows, and what each is: where that differed, a message would overrun the memory that is for another.
    std::vector<std::int64_t> counts;
    std::int64_t longest = 0;
    for (const torch::Tensor& size : group.impl()->all_gather(torch::tensor(
             {own.size(0), width_of(own), static_cast<std::int64_t>(own.scalar_type())}, torch::kInt64))) {
        const auto* numbers = size.const_data_ptr<std::int64_t>();
        if (numbers[0] < 0 || numbers[1] != width_of(own) ||
            numbers[2] != static_cast<std::int64_t>(own.scalar_type()))
            throw_other_sizes(counts.size());
        counts.push_back(numbers[0]);
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
    std::size_t rank = 0;
    for (const torch::Tensor& size : group.impl()->all_gather(torch::full({1}, sum.numel(), torch::kInt64))) {
        if (size.item<std::int64_t>() != sum.numel()) throw_other_sizes(rank);
        ++rank;
    }
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
