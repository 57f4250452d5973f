#include "clipsim/model/families/efficientnet_config.h"

#include <gtest/gtest.h>

#include "timm_shapes.h"

namespace clipsim::testing {
namespace {

void add(Shapes& shapes, const std::string& convolution, const std::string& batch_norm, int out, int in,
         int kernel) {
    shapes[convolution + ".weight"] = {out, in, kernel, kernel};
    for (const char* part : {".weight", ".bias", ".running_mean", ".running_var"})
        shapes[batch_norm + part] = {out};
}

Shapes shapes_of(const EfficientNetConfig& config) {
    Shapes shapes;
    add(shapes, "conv_stem", "bn1", config.stem_channels, 3, 3);
    for (const InvertedResidualConfig& block : config.blocks) {
        const std::string name = block.timm_name;
        const int wide = block.expanded_channels;
        if (block.expands()) {
            add(shapes, name + ".conv_pw", name + ".bn1", wide, block.in_channels, 1);
            add(shapes, name + ".conv_dw", name + ".bn2", wide, 1, block.kernel_size);
            add(shapes, name + ".conv_pwl", name + ".bn3", block.out_channels, wide, 1);
        } else {
            add(shapes, name + ".conv_dw", name + ".bn1", wide, 1, block.kernel_size);
            add(shapes, name + ".conv_pw", name + ".bn2", block.out_channels, wide, 1);
        }
    }
    add(shapes, "conv_head", "bn2", config.head_channels, config.blocks.back().out_channels, 1);
    return shapes;
}

class EfficientNetLite : public ::testing::TestWithParam<std::string> {
  protected:
    EfficientNetConfig config_ = efficientnet_lite(GetParam()).value();
};

TEST_P(EfficientNetLite, HasTheTensorsOfTimms) {
    EXPECT_EQ(shapes_of(config_), shapes_of_timm(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(All, EfficientNetLite, ::testing::ValuesIn(efficientnet_lites));

TEST(EfficientNetConfig, IsFoundByTimmsNameWithOrWithoutATag) {
    EXPECT_EQ(efficientnet_lite("tf_efficientnet_lite0.in1k")->blocks.size(), 16U);
    EXPECT_FALSE(efficientnet_lite("tf_efficientnet_b0"));
    EXPECT_FALSE(efficientnet_lite("efficientnet_lite0")) << "another padding than TensorFlow's";
    EXPECT_FALSE(efficientnet_lite(""));
}

TEST(EfficientNetConfig, ABlockAddsItsInputWhereTheShapeStays) {
    const auto blocks = efficientnet_lite("tf_efficientnet_lite0")->blocks;
    EXPECT_FALSE(blocks[0].expands());
    EXPECT_FALSE(blocks[0].adds_input()) << "32 channels to 16";
    EXPECT_FALSE(blocks[1].adds_input()) << "stride 2";
    EXPECT_TRUE(blocks[2].adds_input());
}

}  // namespace
}  // namespace clipsim::testing
