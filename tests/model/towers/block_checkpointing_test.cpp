#include "towers/block_checkpointing.h"

#include <c10/core/CPUAllocator.h>
#include <gtest/gtest.h>

#include <algorithm>

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

// Counts the bytes of the CPU's tensors while it lives.
class MemoryMeter : public c10::Allocator {
  public:
    MemoryMeter() : base_(c10::GetCPUAllocator()) { c10::SetCPUAllocator(this, 1); }
    ~MemoryMeter() override { c10::SetCPUAllocator(base_, 1); }
    MemoryMeter(const MemoryMeter&) = delete;
    MemoryMeter& operator=(const MemoryMeter&) = delete;

    c10::DataPtr allocate(std::size_t bytes) override {
        auto* block = new Block{base_->allocate(bytes), static_cast<std::int64_t>(bytes), this};
        peak = std::max(peak, now += block->bytes);
        return {block->data.get(), block, &release, c10::Device(c10::kCPU)};
    }
    void copy_data(void* to, const void* from, std::size_t count) const override {
        default_copy_data(to, from, count);
    }

    std::int64_t now = 0, peak = 0;

  private:
    struct Block {
        c10::DataPtr data;
        std::int64_t bytes;
        MemoryMeter* meter;
    };
    static void release(void* context) {
        auto* block = static_cast<Block*>(context);
        block->meter->now -= block->bytes;
        delete block;
    }
    c10::Allocator* base_;
};

TEST(BlockCheckpointing, LowersThePeakOfMemory) {
    ClipModel model = golden_model("quick_gelu_fp32");
    model.tower->freeze_before(0);
    const torch::Tensor some = golden("quick_gelu_fp32", "hidden_1");
    const torch::Tensor tokens = some.repeat({64 / some.size(0) + 1, 1, 1});
    const auto peak_of = [&](bool checkpointing) {
        for (const torch::Tensor& parameter : model.tower->parameters())
            torch::Tensor(parameter).mutable_grad() = torch::zeros_like(parameter);
        MemoryMeter meter;
        model.tower->forward_from(tokens, 0, checkpointing).sum().backward();
        return meter.peak;
    };
    const std::int64_t plain = peak_of(false), checkpointed = peak_of(true);
    EXPECT_LT(checkpointed, plain);
}

}  // namespace
}  // namespace clipsim::testing
