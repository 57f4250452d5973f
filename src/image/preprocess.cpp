#include "clipsim/image/preprocess.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"
#include "clipsim/image/resize.h"
#include "resize_kernels.h"

namespace clipsim {

namespace {

std::uint64_t next_random(std::uint64_t& state) {  // splitmix64
    state += 0x9E3779B97F4A7C15ULL;
    std::uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}

double uniform(std::uint64_t& state, double low, double high) {
    return low + (high - low) * static_cast<double>(next_random(state) >> 11) * 0x1.0p-53;
}

void mirror_rows(Pixels& picture) {
    for (int y = 0; y < picture.height; ++y) {
        std::uint8_t* row = picture.rgb.data() + static_cast<std::size_t>(y) * picture.width * 3;
        for (std::ptrdiff_t left = 0, right = picture.width - 1; left < right; ++left, --right) {
            std::swap_ranges(row + 3 * left, row + 3 * left + 3, row + 3 * right);
        }
    }
}

// Hugging Face pads with zeros where the picture is smaller than the crop.
Pixels pad_to_crop(const Pixels& picture, int x, int y, const PreprocessSpec& spec) {
    Pixels out{spec.crop_width, spec.crop_height, {}};
    out.rgb.assign(spec.values(), 0);
    for (int row = 0; row < picture.height; ++row) {
        std::copy_n(picture.rgb.data() + static_cast<std::size_t>(row) * picture.width * 3,
                    static_cast<std::size_t>(picture.width) * 3,
                    out.rgb.data() + (static_cast<std::size_t>(row + y) * out.width + x) * 3);
    }
    return out;
}

}  // namespace

AugmentedView random_view(std::uint64_t seed, int source_width, int source_height) {
    std::uint64_t state = seed;
    AugmentedView view;
    view.mirror = (next_random(state) & 1U) != 0;
    const double source_aspect = static_cast<double>(source_width) / source_height;
    for (int attempt = 0; attempt < 10; ++attempt) {
        const double area = uniform(state, 0.5, 1.0);
        const double aspect = std::exp(uniform(state, std::log(3.0 / 4.0), std::log(4.0 / 3.0)));
        // In fractions of the source: width * height = area, width / height = aspect / source_aspect.
        const double width = std::sqrt(area * aspect / source_aspect);
        const double height = std::sqrt(area * source_aspect / aspect);
        if (width > 1 || height > 1) continue;
        view.width = width;
        view.height = height;
        view.x = uniform(state, 0, 1 - width);
        view.y = uniform(state, 0, 1 - height);
        return view;
    }
    // A very wide or tall picture: the largest part of an allowed aspect, in the middle.
    const double aspect = std::clamp(source_aspect, 3.0 / 4.0, 4.0 / 3.0);
    view.width = std::min(1.0, aspect / source_aspect);
    view.height = std::min(1.0, source_aspect / aspect);
    view.x = (1 - view.width) / 2;
    view.y = (1 - view.height) / 2;
    return view;
}

Pixels resize_and_crop(const Pixels& source, const PreprocessSpec& spec) {
    if (source.width < 1 || source.height < 1) throw Error("a picture without pixels");
    // As transformers' get_resize_output_image_size: the long side is cut to a whole number, not rounded.
    const bool wide = source.width > source.height;
    const std::int64_t short_in = wide ? source.height : source.width;
    const std::int64_t long_in = wide ? source.width : source.height;
    if (spec.short_side * long_in / short_in > std::numeric_limits<int>::max()) {
        throw Error(
            concat("a picture of ", source.width, " x ", source.height, " pixels is too long to be resized"));
    }
    const int long_out = static_cast<int>(spec.short_side * long_in / short_in);
    const int width = wide ? long_out : spec.short_side;
    const int height = wide ? spec.short_side : long_out;
    // transformers pads to at least the crop before it cuts, the larger half of the padding first.
    const int pad_x = std::max(0, (spec.crop_width - width + 1) / 2);
    const int pad_y = std::max(0, (spec.crop_height - height + 1) / 2);
    const CropWindow window{std::max(0, (width - spec.crop_width) / 2),
                            std::max(0, (height - spec.crop_height) / 2), std::min(width, spec.crop_width),
                            std::min(height, spec.crop_height)};
    Pixels cropped = resize_bicubic(source, width, height, window);
    if (window.width == spec.crop_width && window.height == spec.crop_height) return cropped;
    return pad_to_crop(cropped, pad_x, pad_y, spec);
}

Pixels resize_view(const Pixels& source, const PreprocessSpec& spec, const AugmentedView& view) {
    Pixels part;
    const int x = std::clamp(static_cast<int>(view.x * source.width), 0, source.width - 1);
    const int y = std::clamp(static_cast<int>(view.y * source.height), 0, source.height - 1);
    part.width = std::clamp(static_cast<int>(std::lround(view.width * source.width)), 1, source.width - x);
    part.height =
        std::clamp(static_cast<int>(std::lround(view.height * source.height)), 1, source.height - y);
    part.rgb.resize(static_cast<std::size_t>(part.width) * part.height * 3);
    for (int row = 0; row < part.height; ++row) {
        std::copy_n(source.rgb.data() + (static_cast<std::size_t>(y + row) * source.width + x) * 3,
                    static_cast<std::size_t>(part.width) * 3,
                    part.rgb.data() + static_cast<std::size_t>(row) * part.width * 3);
    }
    Pixels result = resize_bicubic(part, spec.crop_width, spec.crop_height);
    if (view.mirror) mirror_rows(result);
    return result;
}

void normalise(const Pixels& cropped, const PreprocessSpec& spec, std::span<float> out) {
    const std::size_t pixels = static_cast<std::size_t>(cropped.width) * cropped.height;
    normalise_pixels(cropped.rgb.data(), pixels, spec.rescale, spec.mean, spec.std, out.data());
}

void preprocess(const Pixels& source, const PreprocessSpec& spec, std::span<float> out) {
    normalise(resize_and_crop(source, spec), spec, out);
}

}  // namespace clipsim
