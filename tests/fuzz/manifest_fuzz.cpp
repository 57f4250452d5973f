// The description of an index.
#include "clipsim/index/folder/manifest.h"

#include <cstdint>

#include "clipsim/core/error.h"
#include "fuzz.h"
#include "temporary_folder.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace clipsim;
    static const testing::TemporaryFolder folder;  // its file is written anew each time
    testing::write_text(folder / "manifest.json", testing::text_of(data, size));
    try {
        read_manifest(folder / "manifest.json");
    } catch (const Error&) {
    }
    return 0;
}
