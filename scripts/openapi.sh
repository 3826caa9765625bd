#!/usr/bin/env bash
# Makes the document that describes the REST API: scripts/openapi.sh BUF OUT
set -euo pipefail
out=$(realpath -m "$2")
cd "$(dirname "$0")/.."

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
"$1" generate --template buf.gen.openapi.yaml --output "$tmp"
go run ./internal/httpapi/openapi/make "$tmp/refrain.swagger.json" internal/httpapi/openapi/plain.yaml "$out"
