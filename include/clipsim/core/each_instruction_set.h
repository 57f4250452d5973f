// Highway, for a file that it compiles once for each set of vector instructions. The file names itself in
// HWY_TARGET_INCLUDE and includes this before anything else of Highway; this is read as often as the file, so
// it has no guard.
//
// Not for vectors whose size only the CPU knows: kernels keep vectors in arrays and classes, which such types
// do not allow. NEON serves there.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <hwy/highway.h>
