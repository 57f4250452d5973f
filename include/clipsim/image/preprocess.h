// From pixels to what a model takes: resize, crop, scale, normalise. The numbers come from the model's
// preprocessor_config.json (Hugging Face's CLIPImageProcessor).
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>

#include "clipsim/image/picture_part.h"
#include "clipsim/image/pixels.h"

namespace clipsim {

struct JsonFile;

struct PreprocessSpec;

// How a picture gets the model's size: resized to width x height, of which `window` is kept. Where the window
// is smaller than the crop, it lies at (pad_x, pad_y) in it, with zeros around.
struct PictureFit {
    int width = 0, height = 0;
    PixelRect window;
    int pad_x = 0, pad_y = 0;
};

// One way of fitting a picture of that size; a model with another way brings a function of its own. Throws
// Error for a picture that can't be resized.
using FitFunction = PictureFit (*)(int width, int height, const PreprocessSpec& spec);
// CLIP's: the short side is resized to `short_side`, the middle cut out.
PictureFit fit_short_side_and_crop(int width, int height, const PreprocessSpec& spec);

struct PreprocessSpec {
    FitFunction fit = fit_short_side_and_crop;
    int short_side = 224;  // after the resize
    int crop_width = 224;
    int crop_height = 224;
    std::array<float, 3> mean{0.48145466F, 0.4578275F, 0.40821073F};
    std::array<float, 3> std{0.26862954F, 0.26130258F, 0.27577711F};
    float rescale = 1.0F / 255.0F;

    // Images of side x side, cut out of the middle.
    static PreprocessSpec square(int side) {
        PreprocessSpec spec;
        spec.short_side = spec.crop_width = spec.crop_height = side;
        return spec;
    }
    std::size_t values() const { return std::size_t{3} * crop_width * crop_height; }  // floats per picture
};

// Reads preprocessor_config.json, or a processor_config.json with the same in its "image_processor"; both the
// old form ("size": 224) and the new ({"shortest_edge": 224}). Throws UsageError naming file and key for a
// missing or unsupported value.
PreprocessSpec read_preprocess_spec(const std::filesystem::path& file);
PreprocessSpec parse_preprocess_spec(const JsonFile& file);

// What augmentation does to one picture: a part of it (fractions of the source) and a mirror image.
struct AugmentedView {
    double x = 0, y = 0, width = 1, height = 1;  // the part kept, as fractions
    bool mirror = false;
};
// A random view, as in torchvision's RandomResizedCrop: area 0.5 to 1, aspect 3/4 to 4/3, mirrored every
// other time. Depends on `seed` alone.
AugmentedView random_view(std::uint64_t seed, int source_width, int source_height);

// Resized and cropped, still 8 bit: [crop_height, crop_width, 3]. Of a part, it must hold what the functions
// below say.
Pixels resize_and_crop(const PicturePart& source, const PreprocessSpec& spec);
Pixels resize_view(const PicturePart& source, const PreprocessSpec& spec, const AugmentedView& view);

// What of a picture of that size they look at.
PixelRect part_in_crop(int width, int height, const PreprocessSpec& spec);
PixelRect part_in_view(int width, int height, const AugmentedView& view);

// 8-bit pixels of the crop's size -> out: [3, crop_height, crop_width] float, CLIP-normalised.
void normalise(const Pixels& cropped, const PreprocessSpec& spec, std::span<float> out);

// The whole way: out is [3, crop_height, crop_width].
void preprocess(const PicturePart& source, const PreprocessSpec& spec, std::span<float> out);

}  // namespace clipsim
