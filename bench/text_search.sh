#!/usr/bin/env bash
# text_search.sh PHOTOS [CLASS...] [--sheet FILE.jpg] [--model MODEL]: for how many classes (sub-folders of PHOTOS; all of
# them by default) `clipsim search --text` finds a photo of the class first, asked for its bare name and for "a photo of
# a NAME". --sheet draws the first five photos for each of the latter sentences. The model is clip-lite unless another is given.
set -euo pipefail
photos=$(realpath "${1:?usage: text_search.sh PHOTOS [CLASS...] [--sheet FILE.jpg] [--model MODEL]}")
shift
classes=() sheet='' model=clip-lite
while [ $# -gt 0 ]; do
    case $1 in
        --sheet) sheet=$(realpath -m "$2"); shift 2 ;;
        --model) model=$2; shift 2 ;;
        *) classes+=("$1"); shift ;;
    esac
done
cd "$(dirname "$0")/.."
clipsim=$PWD/build/release/bin/clipsim
[ -x "$clipsim" ] || scripts/build.sh clipsim >/dev/null
if [ ${#classes[@]} -eq 0 ]; then
    mapfile -t classes < <(find "$photos" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | LC_ALL=C sort)
fi
for class in "${classes[@]}"; do
    [ -d "$photos/$class" ] || { echo "text_search: $photos has no class $class" >&2; exit 2; }
done

output=$(mktemp -d)
trap 'rm -rf "$output"' EXIT
settings=(--quiet --set "data.root=$photos" --set "output_dir=$output" --set "model.clip=$model")
"$clipsim" index "${settings[@]}"

# Double quotes make a line of a batch a sentence, whatever files there are.
for form in '%s' 'a photo of a %s'; do
    printf "\"$form\"\n" "${classes[@]//_/ }" >"$output/queries"
    mapfile -t first < <("$clipsim" search "${settings[@]}" -k 1 --format json --batch "$output/queries" \
        | python3 -c 'import json, sys; [print(json.loads(line)["hits"][0]["label"]) for line in sys.stdin]')
    right=0 wrong=()
    for i in "${!classes[@]}"; do
        if [ "${first[i]}" = "${classes[i]}" ]; then right=$((right + 1)); else wrong+=("${classes[i]} (${first[i]})"); fi
    done
    printf '"%s": right class first for %d of %d\n' "${form/\%s/NAME}" "$right" "${#classes[@]}"
    [ ${#wrong[@]} -eq 0 ] || printf '    wrong: %s\n' "${wrong[@]}"
    if [ -n "$sheet" ] && [ "$form" != '%s' ]; then
        "$clipsim" search "${settings[@]}" -k 5 --save "$sheet" --batch "$output/queries" >/dev/null
    fi
done
