#!/usr/bin/env bash
# Makes a package of refrain that runs from any folder of any Linux machine of this architecture:
#
#   deploy/package.sh VERSION OUT.tar.gz [GO BUILD FLAGS]
#
# make package calls it with what .deps/env.mk says. The package brings the C libraries along, with the C
# library that they need; refrain/refrain starts refrain/libexec/refrain with them (deploy/launcher).
set -euo pipefail
cd "$(dirname "$0")/.."
version=$1 out=$2
shift 2

lib=$(pwd -P)/.deps/root/usr/lib/$(gcc -print-multiarch)
loader=$(echo "$lib"/ld-linux*)
[ -e "$loader" ] || {
	echo "package: the libraries of this machine can't be brought along; have the private ones fetched:" \
		"REFRAIN_PRIVATE_DEPS=1 scripts/deps.sh" >&2
	exit 1
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
top=$work/refrain-$version
mkdir -p "$top/lib" "$top/libexec" "$top/systemd"

echo "package: building" >&2
# Without the paths of this checkout: the launcher names the loader and the libraries.
CGO_LDFLAGS="-L$lib -Wl,--allow-shlib-undefined" go build "$@" -o "$top/libexec/refrain" ./cmd/refrain
CGO_ENABLED=0 CGO_LDFLAGS='' GOFLAGS='' go build -trimpath -buildvcs=false -ldflags='-s -w' -o "$top/refrain" ./deploy/launcher

# needed FILE: what it loads, by the loader's own search, as NAME PATH.
needed() { "$loader" --library-path "$lib" --list "$1" | awk '$2 == "=>" && $3 ~ /^\// {print $1, $3}'; }

cp "$loader" "$top/lib/"
# The modules for the processors' kinds, which ggml chooses among when it starts.
backends=$(echo "$lib"/ggml/backends*)
mkdir -p "$top/lib/ggml"
cp -r "$backends" "$top/lib/ggml/"
for file in "$top/libexec/refrain" "$backends"/*.so; do needed "$file"; done | sort -u |
	while read -r name path; do
		case "$path" in
		"$lib"/*) [ "${name##*/}" = "${loader##*/}" ] || cp -L "$path" "$top/lib/$name" ;;
		*) echo "package: $name was found in $path, and not among the private libraries" >&2; exit 1 ;;
		esac
	done

cp LICENSE NOTICE README.md CHANGELOG.md "$top/"
# The licences of the libraries, each under its Debian package's name.
mkdir "$top/licences"
for file in .deps/root/usr/share/doc/*/copyright; do
	[ -e "$file" ] || { echo "package: the libraries' licences are missing in .deps/root: run make distclean deps" >&2; exit 1; }
	cp -L "$file" "$top/licences/$(basename "$(dirname "$file")")"
done
cp deploy/systemd/* "$top/systemd/"
# The same files give the same package: no times, owners or order of this machine.
tar --sort=name --mtime="@$(git log -1 --format=%ct 2>/dev/null || echo 0)" --owner=0 --group=0 --numeric-owner \
	-C "$work" -c "refrain-$version" | gzip -n -9 >"$out.new"
mv "$out.new" "$out"
echo "package: $out, $(du -h "$out" | cut -f1)" >&2
