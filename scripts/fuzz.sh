#!/usr/bin/env bash
# Fuzzes every target of the module in turn: scripts/fuzz.sh DURATION [go test flags]
# What a target finds is kept by go in that package's testdata/fuzz: commit it, so that
# every later test run tries it again.
set -euo pipefail
cd "$(dirname "$0")/.."

duration=$1
shift
found=0
while IFS=: read -r file line; do
	name=$(sed -E 's/^func (Fuzz[A-Za-z0-9_]*)\(.*/\1/' <<<"$line")
	echo "== $(dirname "$file") $name"
	go test -run '^$' -fuzz "^$name\$" -fuzztime "$duration" "$@" "./$(dirname "$file")"
	found=$((found + 1))
done < <(grep -rHE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*\(' . | sed 's|^\./||' | sort)
echo "$found fuzz targets, $duration each: nothing found"
