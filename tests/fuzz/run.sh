#!/usr/bin/env bash
# run.sh TARGET [SECONDS]: builds one fuzz target (CMakeLists.txt names them) with clang in build/fuzz and runs it, for 20
# seconds by default, from the seeds and what earlier runs added to them. What it finds lies in build/fuzz/found. Exit code 77: no clang with libFuzzer here.
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/places.sh
fuzz=$(dirname "$build")/fuzz
target=${1:?usage: run.sh TARGET [SECONDS]}
seconds=${2:-20}

probe='#include <string>
extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, std::size_t) { return 0; }'
if ! clang++ -fsanitize=fuzzer,address -x c++ -o /dev/null - <<<"$probe" 2>/dev/null; then
    echo "skipped: no clang with libFuzzer here (Debian: clang and libclang-rt-dev)" >&2
    exit 77
fi

mkdir -p "$fuzz/found" "$fuzz/corpus/$target"
(
    flock 9  # targets that run side by side are built one after the other
    [ -e "$fuzz/build.ninja" ] || cmake --preset fuzz -B "$fuzz" >/dev/null
    cmake --build "$fuzz" --target "fuzz_$target"
) 9>"$fuzz/.building"

exec "$fuzz/bin/fuzz_$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -verbosity=0 \
    -print_final_stats=1 -artifact_prefix="$fuzz/found/$target-" \
    "$fuzz/corpus/$target" "tests/fuzz/corpus/$target" \
    2> >(grep -av '^\./lib/jxl/\|^$' >&2)  # what Debian's libjxl has to say of damaged files
