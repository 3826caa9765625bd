#!/usr/bin/env bash
# Puts the C libraries that Refrain links into a private tree, .deps/, and writes
# .deps/env.mk (for make) and .deps/env.sh (for a shell) with the cgo flags.
#
# Where pkg-config already knows whisper and soxr (Debian 14, Arch, Homebrew) the
# system's are used and nothing is fetched. Elsewhere Debian's packages are unpacked,
# not installed: no root, and nothing outside .deps/ changes. Their libc is newer than
# an older Debian's, so they bring their own, and programs are linked to load it.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
deps=${REFRAIN_DEPS:-$root/.deps}
lock=$root/deps.lock
suite=forky
log() { echo "deps: $*" >&2; }
die() { log "$*"; exit 1; }

mkdir -p "$deps"

# write_env CFLAGS LDFLAGS LIBDIR: records the flags; written last, so that its
# presence says the tree is whole.
write_env() {
	cat >"$deps/env.mk.new" <<-EOF
	export CGO_ENABLED := 1
	export CGO_CFLAGS := $1
	export CGO_LDFLAGS := $2
	export REFRAIN_LIBDIR := $3
	EOF
	sed 's/^export \([A-Z_]*\) := \(.*\)$/export \1="\2"/' "$deps/env.mk.new" >"$deps/env.sh"
	mv "$deps/env.mk.new" "$deps/env.mk"
}

if pkg-config --exists whisper soxr 2>/dev/null && [ -z "${REFRAIN_PRIVATE_DEPS:-}" ]; then
	log "pkg-config knows whisper $(pkg-config --modversion whisper) and soxr $(pkg-config --modversion soxr): using the system's"
	libdir=$(pkg-config --variable=libdir whisper)
	mkdir -p "$deps/stub"
	ar crs "$deps/stub/libggml-cpu.a" # see below
	write_env "-O2 $(pkg-config --cflags whisper soxr)" "$(pkg-config --libs-only-L whisper soxr) -L$deps/stub" "$libdir"
	exit 0
fi

command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
	die "neither pkg-config knows whisper and soxr nor is this a Debian with apt; install whisper.cpp and libsoxr with development files (Homebrew: whisper-cpp libsoxr)"

arch=$(dpkg --print-architecture)
triplet=$(gcc -print-multiarch 2>/dev/null || true)
case $arch in
amd64) triplet=${triplet:-x86_64-linux-gnu} loader=ld-linux-x86-64.so.2 ;;
arm64) triplet=${triplet:-aarch64-linux-gnu} loader=ld-linux-aarch64.so.1 ;;
*) die "no recipe for architecture $arch: amd64 and arm64 are known" ;;
esac

# What the build links; apt adds whatever these need in turn, as if for a bare machine.
packages=(libwhisper-dev libggml-dev libsoxr-dev libopencc-dev)

# The machine's own Debian mirror and keyring, pointed at the newer suite.
uri=$(apt-get indextargets --format '$(CREATED_BY)|$(REPO_URI)' |
	awk -F'|' '$1 == "Packages" && $2 ~ /\/debian\/?$/ && !n++ {print $2}')
[ -n "$uri" ] || die "no Debian mirror in this machine's apt sources: add one, or install whisper.cpp and libsoxr yourself"
keyring=
for k in /usr/share/keyrings/debian-archive-keyring.{pgp,gpg}; do [ -e "$k" ] && keyring=$k; done
[ -n "$keyring" ] || die "no Debian archive keyring: install debian-archive-keyring"

apt=$deps/apt
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
: >"$apt/status" # nothing is installed there, so that apt brings the whole closure
echo "deb [signed-by=$keyring arch=$arch] $uri $suite main" >"$apt/sources.list"
opts=(-qq -y -o "Dir::State::Lists=$apt/lists" -o "Dir::State::status=$apt/status" -o "Dir::Cache=$apt/cache"
	-o Dir::Etc::SourceParts=- -o Dir::Etc::Parts=- -o "Dir::Etc::SourceList=$apt/sources.list"
	-o "APT::Architecture=$arch" -o "APT::Architectures=$arch" -o APT::Install-Recommends=false
	-o APT::Sandbox::User=root -o Acquire::Languages=none -o Acquire::Retries=3 -o Debug::NoLocking=true)
log "reading the package list of $suite"
apt-get "${opts[@]}" update >&2
rm -f "$apt"/cache/archives/*.deb
log "fetching ${packages[*]} and what they need"
apt-get "${opts[@]}" --download-only install "${packages[@]}" >&2

rm -rf "$deps/root" && mkdir -p "$deps/root"
seen=$apt/seen.lock
: >"$seen"
for deb in "$apt"/cache/archives/*.deb; do
	echo "$(dpkg-deb -f "$deb" Package) $arch $(dpkg-deb -f "$deb" Version) $(sha256sum <"$deb" | cut -d' ' -f1)" >>"$seen"
	dpkg-deb -x "$deb" "$deps/root"
done
LC_ALL=C sort -o "$seen" "$seen"

# The suite moves, so another version than the one last tried warns and goes on: a
# start-up test proves that the library still fits. A package of the same version with
# other bytes is not the same package, and stops here.
if [ "${1:-}" = --lock ]; then
	{ { grep -v " $arch " "$lock" 2>/dev/null || true; } | grep -v '^#' || true; cat "$seen"; } | LC_ALL=C sort >"$lock.body"
	{ echo "# package architecture version sha256: what was last tried; made by scripts/deps.sh --lock"; cat "$lock.body"; } >"$lock"
	rm "$lock.body"
elif [ -f "$lock" ]; then
	while read -r name a version sum; do
		want=$(awk -v n="$name" -v a="$a" '$1 == n && $2 == a {print $3, $4}' "$lock")
		if [ -z "$want" ]; then
			log "warning: $name ($a) is not in deps.lock; using $version"
		elif [ "${want% *}" != "$version" ]; then
			log "warning: $name is $version; last tried with ${want% *}"
		elif [ "${want#* }" != "$sum" ]; then
			die "$name $version has SHA-256 $sum, deps.lock says ${want#* }: not the package that was tried"
		fi
	done <"$seen"
fi

lib=$deps/root/usr/lib/$triplet
# Debian merges /lib into /usr/lib; a package may still carry files under the old name.
if [ -d "$deps/root/lib/$triplet" ] && [ ! -L "$deps/root/lib" ]; then cp -an "$deps/root/lib/$triplet/." "$lib/"; fi
[ -e "$lib/$loader" ] || die "the unpacked libc has no $loader in $lib"
# The Go binding of whisper.cpp names -lggml-cpu; Debian loads CPU backends at run time
# and ships no such library, so an empty one stands in.
ar crs "$lib/libggml-cpu.a"
# Development symlinks of these would drag in a newer libc at link time.
rm -f "$lib/libc.so" "$lib/libm.so" "$lib"/*crt*.o

write_env "-O2 -I$deps/root/usr/include" \
	"-L$lib -Wl,--disable-new-dtags -Wl,-rpath,$lib -Wl,--dynamic-linker=$lib/$loader -Wl,--allow-shlib-undefined" \
	"$lib"
log "done: whisper.cpp $(awk '$1 == "libwhisper1" {print $3}' "$seen") in $deps"
