#include <algorithm>

#include "clipsim/model/clip_model.h"

namespace clipsim {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

// Rows [N, D] scaled to length 1, y = x / |x|, with the gradient in one formula instead of that of each
// operation:
//   dL/dx = (g - (g . y) y) / |x|,   g = dL/dy
struct UnitRows : torch::autograd::Function<UnitRows> {
    static torch::Tensor forward(AutogradContext* context, const torch::Tensor& rows) {
        constexpr double shortest = 1e-12;  // normalize()'s, so that a row of zeros stays one
        const torch::Tensor lengths = torch::linalg_vector_norm(rows, 2, 1, true).clamp_min_(shortest);
        const torch::Tensor units = rows / lengths;
        context->save_for_backward({units, lengths});
        return units;
    }
    static tensor_list backward(AutogradContext* context, const tensor_list& outer) {
        const tensor_list saved = context->get_saved_variables();
        const torch::Tensor &units = saved[0], &lengths = saved[1];
        const torch::Tensor along = (outer[0] * units).sum(1, true);
        return {torch::addcmul(outer[0], along, units, -1).div_(lengths)};
    }
};

}  // namespace

ProjectionHeadImpl::ProjectionHeadImpl(int input_dim, int output_dim) {
    linear = register_module("linear",
                             torch::nn::Linear(torch::nn::LinearOptions(input_dim, output_dim).bias(false)));
}

torch::Tensor ProjectionHeadImpl::forward(const torch::Tensor& features) {
    return UnitRows::apply(linear(features));
}

void ProjectionHeadImpl::initialise_from(const torch::Tensor& features) {
    const torch::NoGradGuard no_grad;
    const std::int64_t input = linear->weight.size(1), output = linear->weight.size(0);
    // Eigenvectors of X^T X in double, largest first. Not centred: directions, not positions, are what cosine
    // compares.
    const torch::Tensor x = features.detach().to(torch::kCPU, torch::kFloat64);
    const torch::Tensor rows = std::get<1>(torch::linalg_eigh(x.t().mm(x))).flip(1).t();  // [input, input]
    torch::Tensor weight = rows.narrow(0, 0, std::min(input, output)).clone();
    // An eigenvector's sign is arbitrary; make the entry of largest magnitude positive.
    const torch::Tensor largest = std::get<1>(weight.abs().max(1, true));
    weight = weight * weight.gather(1, largest).sign();
    if (output > input) {
        // More outputs than inputs: the rest stays zero and is free to be learned.
        weight = torch::cat({weight, torch::zeros({output - input, input}, torch::kFloat64)});
    }
    linear->weight.copy_(weight.to(torch::kFloat32));
}

}  // namespace clipsim
