#include "clipsim/core/instructions.h"

#include <hwy/targets.h>

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

// Highway numbers the targets of an architecture from the best down; all bits below `target`'s are better
// ones.
constexpr std::int64_t better_than(std::int64_t target) {
    return target - 1;
}

}  // namespace

Instructions allowed_instructions() {
    const char* variable = std::getenv("CLIPSIM_MAX_ISA");
    const std::string_view word = variable == nullptr ? "" : variable;
    if (word.empty() || word == "all") return Instructions::all;
    if (word == "avx512") return Instructions::avx512;
    if (word == "avx2") return Instructions::avx2;
    if (word == "baseline") return Instructions::baseline;
    throw UsageError(
        concat("CLIPSIM_MAX_ISA is \"", printable(word), "\"; it may be baseline, avx2, avx512 or all"));
}

void limit_kernels() {
    switch (allowed_instructions()) {
        case Instructions::all:
            return;
        case Instructions::avx512:
            hwy::DisableTargets(HWY_ARCH_X86 ? better_than(HWY_AVX3) : 0);
            return;
        case Instructions::avx2:
            hwy::DisableTargets(HWY_ARCH_X86 ? better_than(HWY_AVX2) : 0);
            return;
        case Instructions::baseline:
            hwy::DisableTargets(better_than(HWY_STATIC_TARGET));
            return;
    }
}

}  // namespace clipsim
