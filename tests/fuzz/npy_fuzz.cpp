// A matrix of NumPy's, as other programs hand it to `index` and `search`.
#include "clipsim/pipeline/steps/npy.h"

#include "clipsim/core/error.h"
#include "fuzz.h"
#include "temporary_folder.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace clipsim;
    static const testing::TemporaryFolder folder;  // its file is written anew each time
    testing::write_text(folder / "a.npy", std::string(testing::text_of(data, size)));
    try {
        const FloatMatrix matrix = read_npy(folder / "a.npy");
        if (matrix.values.size() != matrix.rows * matrix.columns) __builtin_trap();
    } catch (const UsageError&) {
    }
    return 0;
}
