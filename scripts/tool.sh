#!/usr/bin/env bash
# Builds a Go program that isn't in go.mod: scripts/tool.sh MODULE/CMD DIR/NAME-VERSION
set -euo pipefail

package=$1 out=$2
name=${out##*/} version=${out##*-}
dir=$(mktemp -d "$(dirname "$0")/../.deps/tool.XXXXXX")
dir=$(cd "$dir" && pwd -P)
trap 'rm -rf "$dir"' EXIT

echo "building ${name%-*} $version (once; some minutes)" >&2
# Tools need no C, and so not our libraries either.
CGO_ENABLED=0 CGO_CFLAGS='' CGO_LDFLAGS='' GOFLAGS='' GOBIN=$dir go install "$package@$version"
mkdir -p "$(dirname "$out")"
mv "$dir/${name%-*}" "$out"
