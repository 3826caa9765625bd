#!/usr/bin/env bash
# Checks the API's protos: scripts/proto-check.sh BUF
#   style and format; that no client of the previous version breaks; that the committed
#   Go code is what the protos generate. Changes nothing in the tree.
set -euo pipefail
cd "$(dirname "$0")/.."

buf=$1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

"$buf" lint
"$buf" format --diff --exit-code

# The previous version: where this branch left main, or on main the commit before.
base=$(git merge-base HEAD origin/main 2>/dev/null || true)
if [ -z "$base" ] || [ "$base" = "$(git rev-parse HEAD)" ]; then
	base=$(git rev-parse --verify --quiet HEAD~1 || true)
fi
if [ -n "$base" ] && git cat-file -e "$base:proto" 2>/dev/null; then
	mkdir "$tmp/base"
	git archive "$base" buf.yaml proto | tar -x -C "$tmp/base"
	"$buf" breaking --against "$tmp/base"
	echo "protos: nothing breaks since $(git rev-parse --short "$base")"
else
	echo "protos: no earlier version to compare with"
fi

"$buf" generate --output "$tmp/now"
generated() { (cd "$1" && find proto -name '*.pb.go' -o -name '*.pb.gw.go' | LC_ALL=C sort); }
if ! diff <(generated .) <(generated "$tmp/now"); then
	echo "protos: the generated files are not those of the protos: run \"make proto\"" >&2
	exit 1
fi
while read -r file; do
	if ! diff -q "$file" "$tmp/now/$file" >/dev/null; then
		echo "protos: $file is out of date: run \"make proto\"" >&2
		exit 1
	fi
done < <(generated .)
scripts/openapi.sh "$buf" "$tmp/openapi.json"
if ! diff -q internal/httpapi/openapi/openapi.json "$tmp/openapi.json" >/dev/null; then
	echo "protos: internal/httpapi/openapi/openapi.json is out of date: run \"make proto\"" >&2
	exit 1
fi
echo "protos: style, compatibility and generated code are fine"
