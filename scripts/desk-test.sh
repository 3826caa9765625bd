#!/usr/bin/env bash
# Tries the review desk as people use it: bin/refrain with the samples, in Debian's Chromium.
#
#   [DESK_RUN=e2e|measure|shots] scripts/desk-test.sh [ARGUMENTS OF PLAYWRIGHT]
#
# Node is the machine's own, or else Debian's, unpacked into .deps/desk (REFRAIN_PRIVATE_DEPS=1: in any case).
# Chromium is the machine's own; where there is none, whoever is root has it installed, with a font for
# Chinese. Where something can't be had it says so and leaves the tests out; with CI=true that fails.
set -euo pipefail

suite=forky # bookworm's Node is too old for Vite

root=$(cd "$(dirname "$0")/.." && pwd -P)
dir=$root/.deps/desk

log() { echo "desk: $*" >&2; }
die() { log "$*"; exit 1; }
. "$root/scripts/suite.sh"

main() {
	[ -x "$root/bin/refrain" ] || die "bin/refrain is missing: make build"
	mkdir -p "$root/.deps"
	exec 9>"$root/.deps/desk.lock"
	flock 9 # who tests at once fetches once
	node || leave_out "there is no Node 20.19 or later with npm"
	modules || leave_out "npm can't fetch what web/package-lock.json names"
	chromium || leave_out "there is no Chromium"
	exec 9>&-

	cd "$root/web"
	log "types"
	npx --no-install vue-tsc --noEmit
	log "whether internal/httpapi/desk/dist is what web/ builds"
	built=$(mktemp -d) # not local: the trap needs it
	trap 'rm -rf "$built"' EXIT
	npx --no-install vite build --logLevel warn --outDir "$built" --emptyOutDir
	diff -rq "$built" "$root/internal/httpapi/desk/dist" >&2 || die "the page is not what web/ builds: make web, and commit what it makes"
	log "the desk, in $CHROMIUM"
	REFRAIN=$root/bin/refrain npm run --silent "${DESK_RUN:-e2e}" -- "$@"
}

leave_out() {
	log "THE DESK IS NOT TESTED: $1 here, and it can't be fetched"
	if [ "${CI:-}" = true ]; then exit 1; fi
	exit 0
}

# node: puts a Node that is new enough, and its npm, first in PATH.
node() {
	[ -z "${REFRAIN_PRIVATE_DEPS:-}" ] && new_enough && return
	fetched node nodejs npm patchelf || return
	ln -sfn "$dir/node/root/usr/share/nodejs" "$node_files" || return
	PATH=$dir/node/bin:$PATH
	new_enough
}
new_enough() {
	command -v npm >/dev/null && command node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' 2>/dev/null
}

# modules: what the lock names, fetched anew where the lock has changed.
modules() {
	local have=$root/web/node_modules/.package-lock.json
	[ "$have" -nt "$root/web/package-lock.json" ] && return
	log "fetching what web/package-lock.json names"
	(cd "$root/web" && npm ci --no-audit --no-fund >&2)
}

# chromium: exports CHROMIUM, and sees that there is a font for Chinese.
chromium() {
	find_chromium && fc-list :lang=zh 2>/dev/null | grep -q . && return
	if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
		log "installing Chromium and a font for Chinese"
		apt-get -qq update >&2
		DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install chromium fontconfig fonts-wqy-microhei >&2
	fi
	find_chromium
}
find_chromium() {
	CHROMIUM=${CHROMIUM:-$(type -P chromium || type -P chromium-browser || type -P google-chrome)} || return
	export CHROMIUM
}

# fetched NAME PACKAGES: unpacks Debian's packages, and what they need, into .deps/desk/NAME, once.
fetched() {
	local name=$1 arch triplet loader
	shift
	[ -e "$dir/$name/whole" ] && return
	command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return
	arch=$(dpkg --print-architecture)
	read -r triplet loader < <(debian_libs "$arch") || return
	(
		set -e
		new=$dir/$name.new
		rm -rf "$new" && mkdir -p "$new/bin"
		open_suite "$new/apt" "$suite" "$arch" "install $* yourself"
		log "fetching $* and what they need"
		apt-get -qq -y "${suite_apt[@]}" --download-only install "$@" >&2
		for deb in "$new"/apt/cache/archives/*.deb; do dpkg-deb -x "$deb" "$new/root"; done
		rm -rf "$new/apt" "$new/root/usr/share/doc" "$new/root/usr/share/man"
		"unpack_$name" "$new" "$triplet" "$loader"
		touch "$new/whole"
		rm -rf "${dir:?}/$name"
		mv "$new" "$dir/$name"
	) || return
}

# Debian's Node looks for parts of itself in /usr/share/nodejs, and so is told of a place that has as
# many letters.
node_files=/tmp/refrain-node

# unpack_node DIR TRIPLET LOADER: has Node use the tree's own C library, also where it starts itself again.
unpack_node() {
	local lib=$1/root/usr/lib/$2
	"$lib/$3" --library-path "$lib" "$1/root/usr/bin/patchelf" --set-interpreter "$dir/node/root/usr/lib/$2/$3" \
		--force-rpath --set-rpath "$dir/node/root/usr/lib/$2" "$1/root/usr/bin/node"
	sed -i "s#/usr/share/nodejs/#$node_files/#g" "$lib"/libnode.so.*
	ln -s ../root/usr/bin/node "$1/bin/node"
	local name
	for name in npm npx; do
		printf '#!/bin/sh\nexec "%s/node/bin/node" "%s/npm/bin/%s-cli.js" "$@"\n' "$dir" "$node_files" "$name" >"$1/bin/$name"
		chmod +x "$1/bin/$name"
	done
}

main "$@"
