#!/usr/bin/env bash
# demo_photos.sh FOLDER: the demo photos, one folder per class, from Debian's package tuxpaint-stamps-default
# (pictures with transparency, each with a caption in a .txt beside it; see the package's copyright file for licences).
# The package is downloaded and unpacked, not installed.
set -euo pipefail
target=${1:?usage: demo_photos.sh FOLDER}
package=tuxpaint-stamps-default

if [ -e "$target/.complete" ]; then
    exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo "downloading Debian's package $package (80 to 160 MB)" >&2
if ! (cd "$work" && apt-get download -qq "$package" 2>"$work/log"); then
    cat "$work/log" >&2
    echo "The demo photos could not be downloaded. With no network, use photos of your own, one folder per class:" >&2
    echo "    ./scripts/quickstart.sh /path/to/photos" >&2
    exit 1
fi
dpkg-deb -x "$work"/$package*.deb "$work/unpacked"
stamps=$work/unpacked/usr/share/tuxpaint/stamps

# class:folder of the package, or folder|folder where releases call it differently; everything below it is flattened into
# the class. Left out are signs that are no picture of
# a thing (letters, the hands of a finger alphabet), and classes whose pictures others claim as well: the feasts (a bluebird
# and a daffodil at easter, a cat and a spider at halloween, a tree and a roast at christmas), the monuments (a graveyard is
# a part of halloween too, towers are houses) and the dishes (a nutcracker and a pepper grinder are tools).
classes=(
    mammals:animals/mammals birds:animals/birds insects:animals/insects fish:animals/fish
    fruit:food/fruit vegetables:food/vegetables flowers:plants/flowers trees:plants/trees
    houses:town/houses road_signs:town/roadsigns
    tools:household/tools clothes:clothes vehicles:vehicles
    instruments:hobbies/music 'planets:space/planets|space/solarsystem' coins:symbols/money chess:symbols/chess
)
rm -rf "$target.new"
for entry in "${classes[@]}"; do
    class=${entry%%:*}
    IFS='|' read -r -a names <<<"${entry#*:}"
    folder=
    for name in "${names[@]}"; do
        [ ! -d "$stamps/$name" ] || folder=$stamps/$name
    done
    if [ -z "$folder" ]; then
        echo "this release of $package has no ${entry#*:}: a demo without $class" >&2
        continue
    fi
    mkdir -p "$target.new/$class"
    find "$folder" -name '*.png' -not -path '*/moon/*' -print0 | while IFS= read -r -d '' picture; do
        name=${picture#"$folder"/}
        name=${name//\//_}
        cp "$picture" "$target.new/$class/$name"
        [ ! -e "${picture%.png}.txt" ] || cp "${picture%.png}.txt" "$target.new/$class/${name%.png}.txt"
    done
done
cp "$work/unpacked/usr/share/doc/$package/copyright" "$target.new/COPYRIGHT"
touch "$target.new/.complete"
rm -rf "$target"
mkdir -p "$(dirname "$target")"
mv "$target.new" "$target"
echo "$(find "$target" -name '*.png' | wc -l) pictures in $(find "$target" -mindepth 1 -type d | wc -l) classes under $target" >&2
