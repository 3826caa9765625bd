#!/usr/bin/env bash
# Runs the Go benchmarks of every package that has any: scripts/bench.sh [go test flags]
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t packages < <(grep -rlE --include='*_test.go' '^func Benchmark[A-Za-z0-9_]*\(' . | xargs -rn1 dirname | sort -u)
if [ "${#packages[@]}" = 0 ]; then
	echo "no package has benchmarks" >&2
	exit 1
fi
# One package at a time: neighbours would take the cores that are being measured.
exec go test -p 1 -run '^$' -bench . -benchmem -timeout 60m "$@" "${packages[@]}"
