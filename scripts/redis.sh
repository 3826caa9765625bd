#!/usr/bin/env bash
# Prints the path of a redis-server, the peer that the gate is measured against: the
# machine's own, or else Debian's package unpacked into .deps/redis. Nothing is installed.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd -P)
dir=$root/.deps/redis

if command -v redis-server >/dev/null; then
	command -v redis-server
	exit
fi
if [ ! -x "$dir/redis-server" ]; then
	command -v apt-get >/dev/null || { echo "redis: install redis-server to measure the gate against it" >&2; exit 1; }
	apt-cache show redis-tools >/dev/null 2>&1 || apt-get -qq update >&2
	rm -rf "$dir"
	mkdir -p "$dir/debs"
	# What redis-server links and a bare machine may lack.
	(cd "$dir/debs" && apt-get -qq -o APT::Sandbox::User=root download redis-tools liblzf1 libjemalloc2 libatomic1 >&2)
	for deb in "$dir"/debs/*.deb; do dpkg-deb -x "$deb" "$dir/root"; done
	rm -rf "$dir/debs"
	libs=$(find "$dir/root/usr/lib" -name 'liblzf.so*' -printf '%h\n' -quit)
	# redis-server and redis-check-rdb are one program that goes by its name.
	ln -s "$dir/root/usr/bin/redis-check-rdb" "$dir/root/usr/bin/redis-server"
	printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s "$@"\n' "$libs" "$dir/root/usr/bin/redis-server" >"$dir/redis-server"
	chmod +x "$dir/redis-server"
fi
echo "$dir/redis-server"
