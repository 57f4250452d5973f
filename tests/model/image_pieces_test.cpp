#include "clipsim/model/image_pieces.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <mutex>
#include <stdexcept>

#include "clipsim/model/clip_model.h"
#include "model/model_fixtures.h"

namespace clipsim::testing {
namespace {

class ImagePieces : public ::testing::Test {
  protected:
    ~ImagePieces() override { at::set_num_threads(before_); }

    static std::vector<torch::Tensor> run(int threads, const torch::Tensor& images,
                                          const clipsim::ImagePieces::Forward& forward) {
        at::set_num_threads(threads);
        return clipsim::ImagePieces().run(images, forward);
    }

  private:
    int before_ = at::get_num_threads();
};

TEST_F(ImagePieces, WhatAnImageBecomesDoesNotDependOnTheNumberOfThreads) {
    const torch::NoGradGuard no_grad;
    for (const char* name : {"clip-nano", "clip-lite"}) {
        ClipModel model = load_clip_model(find_model(std::string(CLIPSIM_SOURCE_DIR "/models/") + name));
        torch::manual_seed(5);
        const torch::Tensor images =
            torch::randn({11, 3, model.preprocess.crop_height, model.preprocess.crop_width});
        const auto forward = [&](const torch::Tensor& some) {
            return std::vector{model.tower->forward_from(model.tower->forward_to(some, 0), 0)};
        };
        const torch::Tensor expected = run(1, images, forward).front();
        for (const int threads : {2, 3, 8})
            EXPECT_TRUE(torch::equal(run(threads, images, forward).front(), expected)) << name;
    }
}

TEST_F(ImagePieces, JoinsEachOutputInTheOrderOfTheImages) {
    const torch::Tensor images = torch::arange(10, torch::kFloat32).reshape({10, 1});
    const std::vector<torch::Tensor> outputs = run(3, images, [](const torch::Tensor& some) {
        return std::vector{some * 2, -some};
    });
    ASSERT_EQ(outputs.size(), 2U);
    EXPECT_TRUE(torch::equal(outputs[0], images * 2));
    EXPECT_TRUE(torch::equal(outputs[1], -images));
}

TEST_F(ImagePieces, EachIsComputedOnOneThreadAndLibTorchHasAllAgainAfterwards) {
    std::mutex mutex;
    std::vector<int> seen;
    run(3, torch::zeros({9, 1}), [&](const torch::Tensor& some) {
        const std::scoped_lock lock(mutex);
        seen.push_back(at::get_num_threads());
        return std::vector{some};
    });
    EXPECT_EQ(seen, (std::vector<int>{1, 1, 1}));
    EXPECT_EQ(at::get_num_threads(), 3);
}

TEST_F(ImagePieces, OneImageIsComputedWithAllThreads) {
    int seen = 0;
    run(3, torch::zeros({1, 1}), [&](const torch::Tensor& image) {
        seen = at::get_num_threads();
        return std::vector{image};
    });
    EXPECT_EQ(seen, 3);
}

TEST_F(ImagePieces, KeepsTheCallersGradMode) {
    const torch::Tensor weight = torch::ones({1}, torch::requires_grad());
    const auto forward = [&](const torch::Tensor& some) { return std::vector{some * weight}; };
    EXPECT_TRUE(run(3, torch::zeros({9, 1}), forward).front().requires_grad());
    const c10::InferenceMode inference;
    EXPECT_TRUE(run(3, torch::zeros({9, 1}), forward).front().is_inference());
}

TEST_F(ImagePieces, ThrowsOnWhatAPieceThrows) {
    const auto forward = [](const torch::Tensor& some) -> std::vector<torch::Tensor> {
        if (some[0].item<float>() > 4) throw std::runtime_error("no");
        return {some};
    };
    EXPECT_THROW(run(3, torch::arange(12, torch::kFloat32), forward), std::runtime_error);
    EXPECT_EQ(at::get_num_threads(), 3);
}

}  // namespace
}  // namespace clipsim::testing
