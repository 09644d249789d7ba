#!/bin/sh
# SPDX-License-Identifier: MIT
# Fetches and unpacks a Debian source package: fetch.sh PACKAGE DIRECTORY. The sources end up in
# DIRECTORY/PACKAGE. The machine's own apt configuration is copied, not touched: deb-src lines are
# switched on in the copy only.
set -eu
[ $# -eq 2 ] || { echo "usage: $0 PACKAGE DIRECTORY" >&2; exit 2; }
package=$1
mkdir -p "$2"
dir=$(cd "$2" && pwd)
[ ! -e "$dir/$package/.unpacked" ] || exit 0

apt=$dir/apt
mkdir -p "$apt/parts" "$apt/lists/partial"
for source in /etc/apt/sources.list.d/*.sources; do
    [ -f "$source" ] && sed 's/^Types:.*/Types: deb-src/' "$source" >"$apt/parts/${source##*/}"
done
for source in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ -f "$source" ] && sed -n 's/^deb /deb-src /p' "$source" >"$apt/parts/${source##*/}"
done

private_apt() {
    apt-get -q -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$apt/parts" \
        -o Dir::State::lists="$apt/lists" -o APT::Sandbox::User="$(id -un)" "$@"
}
cd "$dir"
private_apt update
private_apt source --download-only "$package"
rm -rf "$package"
# apt has checked the hashes against the signed lists; the uploader's key need not be at hand.
dpkg-source --no-check -x "$package"_*.dsc "$package"
touch "$package/.unpacked"
