// The JSON that comes with a model, read as each of the kinds it may be.
#include "clipsim/core/error.h"
#include "clipsim/image/preprocess.h"
#include "clipsim/weights/clip_config.h"
#include "clipsim/weights/dinov2_config.h"
#include "clipsim/weights/open_clip_config.h"
#include "fuzz.h"

namespace {

template <typename Read>
void attempt(Read&& read) {
    try {
        read();
    } catch (const clipsim::UsageError&) {
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace clipsim;
    attempt([&] {
        const JsonFile json = parse_json(testing::text_of(data, size), "config.json");
        describes_dinov2(json);
        describes_text_tower(json);
        attempt([&] { read_vision_config(json); });
        attempt([&] { read_text_config(json); });
        attempt([&] { read_dinov2_config(json, 224); });
        attempt([&] { read_open_clip_config(json); });
        attempt([&] { parse_preprocess_spec(json); });
    });
    return 0;
}
