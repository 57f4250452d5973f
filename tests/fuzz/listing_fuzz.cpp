// What a model hub, or whoever answers in its place, says a repository holds.
#include "listing.h"

#include <cstdint>

#include "clipsim/core/error.h"
#include "clipsim/core/hub_cache.h"
#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace clipsim;
    try {
        const Listing listing = parse_listing(testing::text_of(data, size), "the hub");
        for (const ListedFile& file : listing.files)
            if (!is_safe_relative_path(file.path)) __builtin_trap();
    } catch (const Error&) {
    }
    return 0;
}
