#!/usr/bin/env bash
# usage: clients.sh [DURATION]    bears 64 clients for so long (10m): 16 whose uploads stall, 16 that hold connections without a word,
# 16 that send lists of 7.7 MiB, 16 that ask the gate. Prints the server's most memory (the demo model) and how long checks took,
# alone and beside the others; fails where the server takes 512 MiB, or the 99th percentile is more than ten times as long. Needs Go.
set -euo pipefail

cd "$(dirname "$0")/.."
REFRAIN_TEST_CLIENTS=${1:-10m} go test -count=1 -v -timeout 60m -tags netgo,osusergo -run '^TestClients$' ./internal/app
