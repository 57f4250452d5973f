#!/usr/bin/env bash
# lint.sh [--fix]: clang-format over everything, clang-tidy over what differs from main's last commit; all with --all.
# Wants clang-format and clang-tidy (Debian: apt-get install clang-format clang-tidy) and a configured release build.
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t files < <(git ls-files '*.h' '*.cpp')
if [ "${1:-}" = --fix ]; then
    clang-format -i "${files[@]}"
else
    clang-format --dry-run --Werror "${files[@]}"
fi

if [ "${1:-}" = --all ]; then
    mapfile -t changed < <(git ls-files 'src/*.cpp')
else
    mapfile -t changed < <(git diff --name-only --diff-filter=d HEAD -- 'src/*.cpp')
fi
[ ${#changed[@]} -eq 0 ] && exit 0
# clang can't read GCC's precompiled header, so it gets the commands without it.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sed -E 's/ -include [^ ]*cmake_pch\.hxx//g; s/ -Winvalid-pch//g' build/release/compile_commands.json >"$work/compile_commands.json"
printf '%s\0' "${changed[@]}" | xargs -0 -n 4 -P "$(nproc)" clang-tidy --quiet -p "$work"
