#!/usr/bin/env bash
# Puts the C libraries that Refrain links into a private tree, .deps/, and writes
# .deps/env.mk (for make) and .deps/env.sh (for a shell) with the cgo flags.
#
#   scripts/deps.sh                  what the build needs, as deps.lock names it
#   scripts/deps.sh --lock [ARCH]    records in deps.lock what the suite holds now
#
# Where pkg-config already knows whisper and soxr (Debian 14, Arch, Homebrew) the
# system's are used and nothing is fetched; REFRAIN_PRIVATE_DEPS=1 fetches all the same.
# Elsewhere Debian's packages are unpacked, not installed: no root, and nothing outside
# .deps/ changes. Their libc is newer than an older Debian's, so they bring their own,
# and programs are linked to load it.
set -euo pipefail

# What the build links; apt adds what these need in turn, as if for a bare machine.
packages=(libwhisper-dev libggml-dev libsoxr-dev libopencc-dev)
suite=forky

root=$(cd "$(dirname "$0")/.." && pwd -P)
deps=$root/.deps
lock=$root/deps.lock

log() { echo "deps: $*" >&2; }
die() { log "$*"; exit 1; }
. "$root/scripts/suite.sh"

main() {
	case "$root" in *[[:space:]\$#]*) die "the path $root holds a space, \$ or #, which make and cgo flags can't carry: use another place" ;; esac
	if [ "${1:-}" = --lock ]; then
		local arch=${2:-$(dpkg --print-architecture)}
		fetch "$arch"
		write_lock "$arch"
		rm -rf "$deps/apt"
		[ "$arch" = "$(dpkg --print-architecture)" ] || return 0
	fi
	command -v "${CC:-gcc}" >/dev/null || die "no C compiler: install gcc (Debian: apt-get install gcc libc6-dev)"
	mkdir -p "$deps"
	if [ -z "${REFRAIN_PRIVATE_DEPS:-}" ] && pkg-config --exists whisper soxr 2>/dev/null; then
		use_system
	else
		use_private
	fi
}

use_system() {
	log "pkg-config knows whisper $(pkg-config --modversion whisper) and soxr $(pkg-config --modversion soxr): using the system's"
	stand_in "$deps/stub"
	write_env "-O2 $(pkg-config --cflags whisper soxr)" \
		"$(pkg-config --libs-only-L whisper soxr) -L$deps/stub"
}

use_private() {
	if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
		die "neither does pkg-config know whisper and soxr nor is this a Debian with apt: install whisper.cpp and libsoxr with their development files (Homebrew: whisper-cpp libsoxr)"
	fi
	local arch triplet loader
	arch=$(dpkg --print-architecture)
	read -r triplet loader < <(debian_libs "$arch") ||
		die "no recipe for architecture $arch: amd64 and arm64 are known; others can use their own whisper.cpp and soxr through pkg-config"
	# The tree is unpacked anew only when what it is made of has changed: a checkout
	# that moved needs no more than other paths.
	local made_of
	made_of=$({ echo "$arch $suite ${packages[*]} with licences"; cat "$lock"; } | sha256sum | cut -d' ' -f1)
	if [ "$(cat "$deps/root/made-of" 2>/dev/null)" != "$made_of" ]; then
		fetch "$arch"
		compare_lock "$arch"
		unpack "$triplet" "$loader"
		echo "$made_of" >"$deps/root/made-of"
		rm -rf "$deps/apt"
	fi
	local lib=$deps/root/usr/lib/$triplet
	# Left to itself, Go links a program whose only C is its own run-time (any with -race)
	# without the C compiler: that would take our loader, but the machine's C library.
	write_env "-O2 -I$deps/root/usr/include" \
		"-L$lib -Wl,--disable-new-dtags -Wl,-rpath,$lib -Wl,--dynamic-linker=$lib/$loader -Wl,--allow-shlib-undefined" \
		-ldflags=-linkmode=external
}

# fetch ARCH: the packages and all they need into .deps/apt, their names, versions and
# checksums into .deps/apt/seen.lock.
fetch() {
	local arch=$1 apt=$deps/apt
	open_suite "$apt" "$suite" "$arch" "install whisper.cpp and libsoxr with their development files yourself"
	log "fetching ${packages[*]} and what they need"
	apt-get -qq -y "${suite_apt[@]}" --download-only install "${packages[@]}" >&2

	local deb
	for deb in "$apt"/cache/archives/*.deb; do
		echo "$(dpkg-deb -f "$deb" Package) $arch $(dpkg-deb -f "$deb" Version) $(sha256sum <"$deb" | cut -d' ' -f1)"
	done | LC_ALL=C sort >"$apt/seen.lock"
}

# compare_lock ARCH: the suite moves, so another version than the one last tried warns
# and goes on; a start-up test proves that the library still fits. A package of the
# same version with other bytes is not the same package, and stops here.
compare_lock() {
	local arch=$1 name version sum want
	while read -r name _ version sum; do
		want=$(awk -v n="$name" -v a="$arch" '$1 == n && $2 == a {print $3, $4}' "$lock")
		if [ -z "$want" ]; then
			log "warning: $name $version ($arch) is not in deps.lock: it was never tried"
		elif [ "${want% *}" != "$version" ]; then
			log "warning: $name is $version; last tried with ${want% *}"
		elif [ "${want#* }" != "$sum" ]; then
			die "$name $version has SHA-256 $sum, deps.lock says ${want#* }: not the package that was tried"
		fi
	done <"$deps/apt/seen.lock"
}

# write_lock ARCH: replaces that architecture's lines of deps.lock.
write_lock() {
	{
		echo "# package architecture version sha256: what was last tried; made by scripts/deps.sh --lock [ARCH]"
		{ awk -v a="$1" '!/^#/ && $2 != a' "$lock" 2>/dev/null || true; cat "$deps/apt/seen.lock"; } | LC_ALL=C sort
	} >"$lock.new"
	mv "$lock.new" "$lock"
	log "deps.lock now names $(wc -l <"$deps/apt/seen.lock") packages for $1"
}

# unpack TRIPLET LOADER: makes .deps/root of the packages; whole or not at all.
unpack() {
	local new=$deps/root.new deb
	rm -rf "$new" && mkdir -p "$new"
	for deb in "$deps"/apt/cache/archives/*.deb; do dpkg-deb -x "$deb" "$new"; done
	local lib=$new/usr/lib/$1
	# Debian merges /lib into /usr/lib; a package may still carry files under the old name.
	if [ -d "$new/lib/$1" ] && [ ! -L "$new/lib" ]; then cp -an "$new/lib/$1/." "$lib/"; fi
	[ -e "$lib/$2" ] || die "the unpacked libc has no $2 in usr/lib/$1"
	stand_in "$lib"
	# Linking starts from the machine's own C library: these would drag in the newer one.
	rm -f "$lib/libc.so" "$lib/libm.so" "$lib"/*crt*.o
	# The licences stay: who hands these libraries on, in a package, hands these on with them.
	find "$new/usr/share/doc" -type f ! -name copyright -delete
	rm -rf "$new/usr/share/man" "$deps/root"
	mv "$new" "$deps/root"
	log "unpacked whisper.cpp $(awk '$1 == "libwhisper1" {print $3}' "$deps/apt/seen.lock") into .deps/root"
}

# stand_in DIR: the Go binding of whisper.cpp names -lggml-cpu. Where CPU backends are
# loaded at run time there is no such library, so an empty one stands in.
stand_in() {
	mkdir -p "$1"
	"${CC:-gcc}" -c -x c /dev/null -o "$1/empty.o"
	ar rcs "$1/libggml-cpu.a" "$1/empty.o"
	rm "$1/empty.o"
}

# write_env CFLAGS LDFLAGS [GOFLAGS]: records the flags; written last, so that its
# presence says that the tree is whole.
write_env() {
	cat >"$deps/env.sh" <<-END
	export CGO_ENABLED="1"
	export CGO_CFLAGS="$1"
	export CGO_LDFLAGS="$2"
	END
	if [ -n "${3:-}" ]; then echo "export GOFLAGS=\"\${GOFLAGS:-} $3\"" >>"$deps/env.sh"; fi
	{
		echo "REFRAIN_ROOT := $root"
		sed -e 's/="\(.*\)"$/ := \1/' -e 's/\${GOFLAGS:-}/$(GOFLAGS)/' "$deps/env.sh"
	} >"$deps/env.mk.new"
	mv "$deps/env.mk.new" "$deps/env.mk"
}

main "$@"
