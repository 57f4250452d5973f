#include <algorithm>
#include <limits>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"
#include "clipsim/image/preprocess.h"

namespace clipsim {

PictureFit fit_short_side_and_crop(int source_width, int source_height, const PreprocessSpec& spec) {
    if (source_width < 1 || source_height < 1) throw Error("a picture without pixels");
    // As transformers' get_resize_output_image_size: the long side is cut to a whole number, not rounded.
    const bool wide = source_width > source_height;
    const std::int64_t short_in = wide ? source_height : source_width;
    const std::int64_t long_in = wide ? source_width : source_height;
    if (spec.short_side * long_in / short_in > std::numeric_limits<int>::max()) {
        throw Error(
            concat("a picture of ", source_width, " x ", source_height, " pixels is too long to be resized"));
    }
    const int long_out = static_cast<int>(spec.short_side * long_in / short_in);
    PictureFit crop;
    crop.width = wide ? long_out : spec.short_side;
    crop.height = wide ? spec.short_side : long_out;
    // transformers pads to at least the crop before it cuts, the larger half of the padding first.
    crop.pad_x = std::max(0, (spec.crop_width - crop.width + 1) / 2);
    crop.pad_y = std::max(0, (spec.crop_height - crop.height + 1) / 2);
    crop.window = {std::max(0, (crop.width - spec.crop_width) / 2),
                   std::max(0, (crop.height - spec.crop_height) / 2), std::min(crop.width, spec.crop_width),
                   std::min(crop.height, spec.crop_height)};
    return crop;
}

}  // namespace clipsim
