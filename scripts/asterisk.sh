#!/usr/bin/env bash
# Prints the path of an Asterisk, the switch that docs/dialplan is tried on: Debian's,
# unpacked into .deps/asterisk. Beside it lies lua, for the script of the switch that Debian
# doesn't have, FreeSWITCH. Nothing is installed and no root is needed: they are started by
# their own loader, with their own C library, so an older Debian will do.
set -euo pipefail

suite=forky # bookworm and trixie have none

root=$(cd "$(dirname "$0")/.." && pwd -P)
dir=$root/.deps/asterisk new=$root/.deps/asterisk.new

log() { echo "asterisk: $*" >&2; }
die() { log "$*"; exit 1; }
. "$root/scripts/suite.sh"

main() {
	if [ ! -x "$dir/asterisk" ]; then
		command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || die "this is no Debian with apt, from which Asterisk could be unpacked"
		mkdir -p "$root/.deps"
		exec 9>"$dir.lock"
		flock 9 # tests that run at once make it once
		[ -x "$dir/asterisk" ] || make_tree
	fi
	echo "$dir/asterisk"
}

make_tree() {
	local arch triplet loader
	arch=$(dpkg --print-architecture)
	read -r triplet loader < <(debian_libs "$arch") || die "no recipe for architecture $arch: amd64 and arm64 are known"
	rm -rf "$new"
	fetch "$arch"
	unpack "$triplet" "$loader"
}

# fetch ARCH: the packages into $new/apt. Of what Asterisk's modules need, which is three
# times as much, only libcurl comes; the others' modules stay unused.
fetch() {
	open_suite "$new/apt" "$suite" "$1" "do without the tests on Asterisk"
	local libs
	mapfile -t libs < <({ needs asterisk | grep -vE '^(asterisk|adduser)'; needs asterisk-modules | grep '^libcurl'; echo lua5.2; } | sort -u)
	log "fetching Asterisk and what it needs"
	apt-get -qq -y "${suite_apt[@]}" --download-only install "${libs[@]}" >&2
	(cd "$new/apt/cache/archives" && apt-get -qq "${suite_apt[@]}" download asterisk asterisk-modules >&2)
}

# needs PACKAGE: what it depends on, real packages only.
needs() { apt-cache "${suite_apt[@]}" depends "$1" | awk '$1 == "Depends:" && $2 !~ /^</ {print $2}'; }

# unpack TRIPLET LOADER: makes $dir of the packages; whole or not at all.
unpack() {
	local deb
	for deb in "$new"/apt/cache/archives/*.deb; do dpkg-deb -x "$deb" "$new/root"; done
	rm -rf "$new/apt"
	start_by_loader "$1" "$2" sbin/asterisk asterisk
	start_by_loader "$1" "$2" bin/lua5.2 lua
	"$new/asterisk" -V >/dev/null && "$new/lua" -v >/dev/null || die "what was unpacked does not start; see the messages above"
	rm -rf "$dir"
	mv "$new" "$dir"
}

# start_by_loader TRIPLET LOADER PROGRAM NAME: makes NAME start /usr/PROGRAM of the tree.
start_by_loader() {
	cat >"$new/$4" <<-END
	#!/bin/sh
	lib=\${0%/*}/root/usr/lib/$1
	exec "\$lib/$2" --library-path "\$lib" "\${0%/*}/root/usr/$3" "\$@"
	END
	chmod +x "$new/$4"
}

main "$@"
