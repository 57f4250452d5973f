#include "towers/block_checkpointing.h"

#include <ATen/autocast_mode.h>

#include "clipsim/model/autocast.h"

namespace clipsim {

namespace {

class CheckpointedBlock : public torch::autograd::Function<CheckpointedBlock> {
  public:
    // `anchor` is any tensor that needs a gradient: without it autograd would see no reason to call backward
    // for a block whose input is frozen but whose parameters are not.
    static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& tokens,
                                 const torch::Tensor& /*anchor*/, TowerBlock* block, bool first_token_only) {
        const torch::NoGradGuard no_grad;
        context->save_for_backward({tokens});
        context->saved_data["first_token_only"] = first_token_only;
        const torch::DeviceType device = tokens.device().type();
        context->saved_data["autocast"] = at::autocast::is_autocast_enabled(device);
        context->saved_data["autocast_type"] =
            static_cast<std::int64_t>(at::autocast::get_autocast_dtype(device));
        context->saved_data["tokens_need_gradient"] = tokens.requires_grad();
        // The block outlives the graph: the tower that owns it is the one being trained.
        context->saved_data["block"] = reinterpret_cast<std::int64_t>(block);
        return block->run(tokens, first_token_only);
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                   torch::autograd::variable_list gradients) {
        // NOLINTNEXTLINE(performance-no-int-to-ptr): autograd's context keeps plain values alone
        auto* block = reinterpret_cast<TowerBlock*>(context->saved_data["block"].toInt());
        const bool first_token_only = context->saved_data["first_token_only"].toBool();
        const bool tokens_need_gradient = context->saved_data["tokens_need_gradient"].toBool();
        const torch::Tensor tokens =
            context->get_saved_variables()[0].detach().requires_grad_(tokens_need_gradient);
        torch::Tensor output;
        {
            const torch::AutoGradMode with_grad(true);
            // As in the forward pass, whose scope has ended by now.
            std::optional<at::ScalarType> type;
            if (context->saved_data["autocast"].toBool())
                type = static_cast<at::ScalarType>(context->saved_data["autocast_type"].toInt());
            const AutocastScope autocast(tokens.device().type(), type);
            output = block->run(tokens, first_token_only);
        }
        // Accumulates into the block's parameters and, where wanted, into the copy of the input.
        torch::autograd::backward({output}, {gradients[0]});
        return {tokens.grad(), torch::Tensor(), torch::Tensor(), torch::Tensor()};
    }
};

}  // namespace

torch::Tensor checkpointed_run(TowerBlock& block, const torch::Tensor& tokens, bool first_token_only) {
    for (const torch::Tensor& parameter : block.parameters()) {
        if (parameter.requires_grad())
            return CheckpointedBlock::apply(tokens, parameter, &block, first_token_only);
    }
    return block.run(tokens, first_token_only);
}

}  // namespace clipsim
