#!/usr/bin/env bash
# Prints the path of a whisper-server, the server that asr/remote is tried on: Debian's,
# unpacked into .deps/whisper-server. It links ffmpeg, so this is 73 MB of packages, which
# only tests need. Nothing is installed and no root is needed: it is started by its own
# loader, with its own C library, so an older Debian will do.
set -euo pipefail

suite=forky # bookworm and trixie have none

root=$(cd "$(dirname "$0")/.." && pwd -P)
dir=$root/.deps/whisper-server new=$root/.deps/whisper-server.new

log() { echo "whisper-server: $*" >&2; }
die() { log "$*"; exit 1; }
. "$root/scripts/suite.sh"

main() {
	if command -v whisper-server; then return; fi
	if [ ! -x "$dir/whisper-server" ]; then
		command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || die "this is no Debian with apt, from which whisper-server could be unpacked"
		mkdir -p "$root/.deps"
		exec 9>"$dir.lock"
		flock 9 # tests that run at once make it once
		[ -x "$dir/whisper-server" ] || make_tree
	fi
	echo "$dir/whisper-server"
}

make_tree() {
	local arch triplet loader
	arch=$(dpkg --print-architecture)
	read -r triplet loader < <(debian_libs "$arch") || die "no recipe for architecture $arch: amd64 and arm64 are known"
	rm -rf "$new"
	fetch "$arch"
	unpack "$triplet" "$loader"
}

# fetch ARCH: the packages into $new/apt. The package's other programs need SDL and
# llama.cpp, four times as much: those stay away.
fetch() {
	open_suite "$new/apt" "$suite" "$1" "do without the tests on whisper-server"
	local libs
	mapfile -t libs < <(needs whisper.cpp-tools | grep -vE '^lib(sdl|llama)')
	log "fetching whisper-server and what it needs"
	apt-get -qq -y "${suite_apt[@]}" --download-only install "${libs[@]}" >&2
	(cd "$new/apt/cache/archives" && apt-get -qq "${suite_apt[@]}" download whisper.cpp-tools >&2)
}

# needs PACKAGE: what it depends on, real packages only.
needs() { apt-cache "${suite_apt[@]}" depends "$1" | awk '$1 == "Depends:" && $2 !~ /^</ {print $2}'; }

# unpack TRIPLET LOADER: makes $dir of the packages; whole or not at all.
unpack() {
	local deb
	for deb in "$new"/apt/cache/archives/*.deb; do dpkg-deb -x "$deb" "$new/root"; done
	rm -rf "$new/apt"
	# ggml looks for its code for this processor where its package would install it, or else
	# beside the program, which here is the loader, and in the working directory.
	cat >"$new/whisper-server" <<-END
	#!/bin/sh
	here=\$(cd "\${0%/*}" && pwd -P)
	lib=\$here/root/usr/lib/$1
	cd "\$lib"/ggml/backends*/ || exit 1
	exec "\$lib/$2" --library-path "\$lib" "\$here/root/usr/bin/whisper-server" "\$@"
	END
	chmod +x "$new/whisper-server"
	"$new/whisper-server" --help >/dev/null 2>&1 || die "what was unpacked does not start"
	rm -rf "$dir"
	mv "$new" "$dir"
}

main "$@"
