// What pictures say of their orientation: EXIF, and XMP.
#include "exif.h"

#include <cstdint>

#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace clipsim;
    const int exif = exif_orientation(std::as_bytes(std::span(data, size)));
    const int xmp = xmp_orientation(testing::text_of(data, size));
    if (exif < 0 || exif > 8 || xmp < 0 || xmp > 8) __builtin_trap();
    return 0;
}
