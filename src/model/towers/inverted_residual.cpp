#include "towers/inverted_residual.h"

#include <algorithm>

namespace clipsim {

namespace {

// Of both ends of a side of `size` values together: what ceil(size / stride) windows need.
std::int64_t same_padding(std::int64_t size, int kernel_size, int stride) {
    const std::int64_t windows = (size + stride - 1) / stride;
    return std::max<std::int64_t>(0, (windows - 1) * stride + kernel_size - size);
}

}  // namespace

SameConvolutionImpl::SameConvolutionImpl(int in_channels, int out_channels, int kernel_size, int stride,
                                         int groups)
    : kernel_size_(kernel_size), stride_(stride), groups_(groups) {
    weight_ = register_parameter(
        "weight", torch::empty({out_channels, in_channels / groups, kernel_size, kernel_size}));
    bias_ = register_parameter("bias", torch::empty({out_channels}));
}

torch::Tensor SameConvolutionImpl::forward(const torch::Tensor& input) {
    const std::int64_t height = same_padding(input.size(2), kernel_size_, stride_);
    const std::int64_t width = same_padding(input.size(3), kernel_size_, stride_);
    // Where the one more has to go after the picture, a row of zeros before the kernel shifts it as far:
    // cheaper than a padded copy of the picture.
    torch::Tensor kernel = weight_;
    if (height % 2 == 1 || width % 2 == 1)
        kernel = torch::constant_pad_nd(kernel, {width % 2, 0, height % 2, 0});
    return torch::conv2d(input, kernel, bias_, stride_, {(height + 1) / 2, (width + 1) / 2}, 1, groups_);
}

torch::Tensor clip_to_six(torch::Tensor x) {
    return torch::hardtanh_(x, 0, 6);
}

InvertedResidual::InvertedResidual(const InvertedResidualConfig& config) : adds_input_(config.adds_input()) {
    const int wide = config.expanded_channels;
    if (config.expands()) expand_ = register_module("expand", SameConvolution(config.in_channels, wide, 1));
    depthwise_ =
        register_module("depthwise", SameConvolution(wide, wide, config.kernel_size, config.stride, wide));
    project_ = register_module("project", SameConvolution(wide, config.out_channels, 1));
}

torch::Tensor InvertedResidual::run(const torch::Tensor& input, bool /*first_token_only*/) {
    const torch::Tensor wide = expand_.is_empty() ? input : clip_to_six(expand_(input));
    const torch::Tensor output = project_(clip_to_six(depthwise_(wide)));
    return adds_input_ ? output + input : output;
}

}  // namespace clipsim
