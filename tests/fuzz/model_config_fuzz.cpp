// The JSON that comes with a model, read by each family that recognises it.
#include "clipsim/core/error.h"
#include "clipsim/image/preprocess.h"
#include "clipsim/model/families/model_family.h"
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
        const WeightsFile weights;
        for (const ModelFormat format : {ModelFormat::hugging_face, ModelFormat::open_clip}) {
            for (const ModelFamily* family : model_families())
                attempt([&] { describe_source({format, json, {}, weights}, std::span(&family, 1)); });
        }
        attempt([&] { parse_preprocess_spec(json); });
    });
    return 0;
}
