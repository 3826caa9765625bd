#!/usr/bin/env bash
# Tries the review desk as people use it: bin/refrain with the samples, in Debian's Chromium.
#
#   [DESK_RUN=e2e|measure|shots] scripts/desk-test.sh [ARGUMENTS OF PLAYWRIGHT]
#
# Node and Chromium are the machine's own, or else Debian's, unpacked into .deps/desk: nothing is
# installed and no root is needed. Where they can't be had it says so and leaves the tests out; with
# CI=true that fails.
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
	new_enough && return
	fetched node nodejs npm || return
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

# chromium: exports CHROMIUM, and fonts for Chinese where the machine has none.
chromium() {
	if [ -z "${CHROMIUM:-}" ]; then
		CHROMIUM=$(type -P chromium || type -P chromium-browser || type -P google-chrome) || {
			fetched chromium chromium fonts-dejavu-core || return
			CHROMIUM=$dir/chromium/bin/chromium
		}
	fi
	export CHROMIUM
	if ! fc-list :lang=zh 2>/dev/null | grep -q .; then
		fetched fonts fonts-wqy-microhei fonts-dejavu-core fontconfig-config || return
		export FONTCONFIG_FILE=$dir/fonts/fonts.conf
	fi
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

# by_loader DIR TRIPLET LOADER PROGRAM NAME [ARGUMENTS]: makes bin/NAME start PROGRAM of the tree with the
# tree's own C library.
by_loader() {
	cat >"$1/bin/$5" <<-END
	#!/bin/sh
	top=\$(dirname "\$(dirname "\$(readlink -f "\$0")")")
	lib=\$top/root/usr/lib/$2
	exec "\$lib/$3" --library-path "\$lib:\$(dirname "\$top/root$4")" ${6:-} "\$top/root$4" "\$@"
	END
	chmod +x "$1/bin/$5"
}

unpack_node() {
	by_loader "$1" "$2" "$3" /usr/bin/node node
	local cli
	cli=$(cd "$1/root" && find usr/share/nodejs/npm/bin usr/lib/node_modules/npm/bin -name npm-cli.js -print -quit 2>/dev/null)
	[ -n "$cli" ] || die "Debian's npm has no npm-cli.js where it had"
	local name
	for name in npm npx; do
		printf '#!/bin/sh\ntop=$(dirname "$(dirname "$(readlink -f "$0")")")\nexport NODE_PATH="$top/root/usr/share/nodejs"\nexec "$top/bin/node" "$top/root/%s/%s-cli.js" "$@"\n' "$(dirname "$cli")" "$name" >"$1/bin/$name"
		chmod +x "$1/bin/$name"
	done
	"$1/bin/node" --version >/dev/null
}

unpack_chromium() {
	by_loader "$1" "$2" "$3" /usr/lib/chromium/chromium chromium
	"$1/bin/chromium" --version >/dev/null
}

unpack_fonts() {
	cat >"$1/fonts.conf" <<-END
	<?xml version="1.0"?>
	<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
	<fontconfig>
	  <dir>$dir/fonts/root/usr/share/fonts</dir>
	  <dir>/usr/share/fonts</dir>
	  <cachedir>$dir/fonts/cache</cachedir>
	</fontconfig>
	END
}

main "$@"
