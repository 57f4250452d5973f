// A whole archive, and, where the input is none, the pickle within one: few mutations of a zip get that far.
#include "formats.h"

#include "clipsim/core/error.h"
#include "clipsim/model/families/model_family.h"
#include "fuzz.h"
#include "weights/archives.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace clipsim;
    try {
        FileBytes file = testing::file_of(data, size);
        if (!file.text().starts_with("PK"))
            file = testing::bytes_of(testing::make_archive(std::string(testing::text_of(data, size))));
        const WeightsFile weights = read_torch_archive(file);
        testing::touch(weights);
        describe_source({ModelFormat::openai, {}, {}, weights}, model_families());
    } catch (const UsageError&) {
    }
    return 0;
}
