#include "clipsim/image/preprocess.h"

#include <algorithm>
#include <cmath>

#include "clipsim/core/random.h"
#include "clipsim/image/resize.h"
#include "resize_kernels.h"

namespace clipsim {

namespace {

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

// A view's part in pixels.
PixelRect rect_of(const AugmentedView& view, int width, int height) {
    PixelRect rect;
    rect.x = std::clamp(static_cast<int>(view.x * width), 0, width - 1);
    rect.y = std::clamp(static_cast<int>(view.y * height), 0, height - 1);
    rect.width = std::clamp(static_cast<int>(std::lround(view.width * width)), 1, width - rect.x);
    rect.height = std::clamp(static_cast<int>(std::lround(view.height * height)), 1, height - rect.y);
    return rect;
}

PixelRect all_of(int width, int height) {
    return {0, 0, width, height};
}

}  // namespace

AugmentedView random_view(std::uint64_t seed, int source_width, int source_height) {
    Random random(seed);
    AugmentedView view;
    view.mirror = (random.next() & 1U) != 0;
    const double source_aspect = static_cast<double>(source_width) / source_height;
    for (int attempt = 0; attempt < 10; ++attempt) {
        const double area = random.between(0.5, 1.0);
        const double aspect = std::exp(random.between(std::log(3.0 / 4.0), std::log(4.0 / 3.0)));
        // In fractions of the source: width * height = area, width / height = aspect / source_aspect.
        const double width = std::sqrt(area * aspect / source_aspect);
        const double height = std::sqrt(area * source_aspect / aspect);
        if (width > 1 || height > 1) continue;
        view.width = width;
        view.height = height;
        view.x = random.between(0, 1 - width);
        view.y = random.between(0, 1 - height);
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

Pixels resize_and_crop(const PicturePart& source, const PreprocessSpec& spec) {
    const PictureFit crop = spec.fit(source.whole_width, source.whole_height, spec);
    Pixels cropped = resize_bicubic(source, all_of(source.whole_width, source.whole_height), crop.width,
                                    crop.height, crop.window);
    if (cropped.width == spec.crop_width && cropped.height == spec.crop_height) return cropped;
    return pad_to_crop(cropped, crop.pad_x, crop.pad_y, spec);
}

PixelRect part_in_crop(int width, int height, const PreprocessSpec& spec) {
    const PictureFit crop = spec.fit(width, height, spec);
    return resize_support(all_of(width, height), crop.width, crop.height, crop.window);
}

Pixels resize_view(const PicturePart& source, const PreprocessSpec& spec, const AugmentedView& view) {
    Pixels result =
        resize_bicubic(source, rect_of(view, source.whole_width, source.whole_height), spec.crop_width,
                       spec.crop_height, all_of(spec.crop_width, spec.crop_height));
    if (view.mirror) mirror_rows(result);
    return result;
}

PixelRect part_in_view(int width, int height, const AugmentedView& view) {
    return rect_of(view, width, height);
}

void normalise(const Pixels& cropped, const PreprocessSpec& spec, std::span<float> out) {
    const std::size_t pixels = static_cast<std::size_t>(cropped.width) * cropped.height;
    normalise_pixels(cropped.rgb.data(), pixels, spec.rescale, spec.mean, spec.std, out.data());
}

void preprocess(const PicturePart& source, const PreprocessSpec& spec, std::span<float> out) {
    normalise(resize_and_crop(source, spec), spec, out);
}

}  // namespace clipsim
