#include "formats.h"

#include "clipsim/core/error.h"
#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        clipsim::testing::touch(clipsim::read_safetensors(clipsim::testing::file_of(data, size)));
    } catch (const clipsim::UsageError&) {  // what a bad file is answered with; anything else is a finding
    }
    return 0;
}
