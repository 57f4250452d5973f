#include "block_checkpointing.h"

#include <gtest/gtest.h>

#include "model/model_fixtures.h"

namespace clipsim::testing {
namespace {

// Gradients of all trainable tensors and of the tokens, for one backward pass from block 1 on.
std::map<std::string, torch::Tensor> gradients(bool checkpointing) {
    ClipModel model = golden_model("quick_gelu_fp32");
    torch::Tensor tokens;
    {
        const torch::NoGradGuard no_grad;
        tokens = model.tower->forward_to(golden("quick_gelu_fp32", "pixels"), 1);
    }
    tokens.requires_grad_(true);
    model.tower->freeze_before(1);
    model.tower->forward_from(tokens, 1, checkpointing).sin().sum().backward();
    std::map<std::string, torch::Tensor> result{{"tokens", tokens.grad()}};
    for (const auto& [name, tensor] : model.tower->tensors_from(1)) result[name] = tensor.grad();
    return result;
}

TEST(BlockCheckpointing, GivesTheGradientsOfThePlainPass) {
    const auto plain = gradients(false), checkpointed = gradients(true);
    ASSERT_EQ(plain.size(), checkpointed.size());
    for (const auto& [name, gradient] : plain) {
        ASSERT_TRUE(checkpointed.at(name).defined()) << name;
        EXPECT_TRUE(torch::equal(gradient, checkpointed.at(name))) << name;
        EXPECT_GT(gradient.abs().max().item<double>(), 0) << name;
    }
}

TEST(BlockCheckpointing, KeepsNoActivationsOfTheBlock) {
    ClipModel model = golden_model("quick_gelu_fp32");
    model.tower->freeze_before(1);
    torch::Tensor tokens = golden("quick_gelu_fp32", "hidden_1").requires_grad_(true);
    const auto graph_size = [](const torch::Tensor& output) {
        std::set<torch::autograd::Node*> nodes;
        std::vector<torch::autograd::Node*> open{output.grad_fn().get()};
        while (!open.empty()) {
            torch::autograd::Node* node = open.back();
            open.pop_back();
            if (node == nullptr || !nodes.insert(node).second) continue;
            for (const auto& edge : node->next_edges()) open.push_back(edge.function.get());
        }
        return nodes.size();
    };
    const std::size_t plain = graph_size(model.tower->forward_from(tokens, 1, false));
    const std::size_t checkpointed = graph_size(model.tower->forward_from(tokens, 1, true));
    EXPECT_LT(2 * checkpointed, plain);
}

}  // namespace
}  // namespace clipsim::testing
