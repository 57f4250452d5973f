// Which vector instructions clipsim's own kernels may use.
#pragma once

namespace clipsim {

// From the narrowest on.
enum class Instructions { baseline, avx2, avx512, all };

// What the environment variable CLIPSIM_MAX_ISA allows: baseline (what every CPU of the architecture has),
// avx2, avx512 (without its VNNI and BF16), all; all without the variable. Throws UsageError for another
// word. It is for comparing machines and for tests: LibTorch's libraries have variables of their own
// (ATEN_CPU_CAPABILITY, ONEDNN_MAX_CPU_ISA, MKL_ENABLE_INSTRUCTIONS, FBGEMM_ENABLE_INSTRUCTIONS).
Instructions allowed_instructions();

// Holds the kernels to allowed_instructions(). Once, at the start of the program, before a kernel runs.
void limit_kernels();

}  // namespace clipsim
