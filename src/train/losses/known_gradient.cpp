#include "known_gradient.h"

namespace clipsim {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

struct KnownGradient : torch::autograd::Function<KnownGradient> {
    static torch::Tensor forward(AutogradContext* context, const torch::Tensor& input, double value,
                                 const torch::Tensor& gradient) {
        context->save_for_backward({gradient});
        return torch::full({}, value, input.options().requires_grad(false));
    }
    static tensor_list backward(AutogradContext* context, const tensor_list& outer) {
        return {context->get_saved_variables()[0] * outer[0], torch::Tensor(), torch::Tensor()};
    }
};

}  // namespace

torch::Tensor with_gradient(const torch::Tensor& input, double value, const torch::Tensor& gradient) {
    return KnownGradient::apply(input, value, gradient);
}

}  // namespace clipsim
