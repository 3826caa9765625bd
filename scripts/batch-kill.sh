#!/usr/bin/env bash
# usage: batch-kill.sh [CALLS] [KILLS] [MODEL]    makes calls of 2 to 8 s (2,000 unless told otherwise), hears them in one run of
# refrain batch, and in another that is killed (kill -9) at so many random moments (10) and goes on each time; both must have the
# same lines. Needs bin/refrain and Go. What it made lies in OUT (by default a new folder).
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd -P)
calls=${1:-2000} kills=${2:-10} model=${3:-demo}
out=${OUT:-$(mktemp -d)}
mkdir -p "$out"
rm -f "$out"/whole.* "$out"/killed.*

(cd "$root" && go run -tags netgo,osusergo ./internal/testcall/makecalls -dir "$out/calls" -calls "$calls" -least 2s -median 4s -most 8s)

batch() { # NAME
	"$root/bin/refrain" batch "$out/calls" --model "$model" --preset asterisk-mixmonitor --out "$out/$1.jsonl"
}

from=$(date +%s%3N)
batch whole
took=$(($(date +%s%3N) - from))
for i in $(seq "$kills"); do
	ms=$((took / (kills + 1) / 2 + RANDOM * took / 32768 / (kills + 1)))
	timeout -s KILL "$((ms / 1000)).$(printf %03d $((ms % 1000)))" "$root/bin/refrain" batch "$out/calls" --model "$model" \
		--preset asterisk-mixmonitor --out "$out/killed.jsonl" >/dev/null 2>&1 || true
	echo "killed after $ms ms: $(wc -l <"$out/killed.jsonl" 2>/dev/null || echo 0) lines are kept"
done
batch killed
if cmp <(sort "$out/whole.jsonl") <(sort "$out/killed.jsonl"); then
	echo "both runs have the same $(wc -l <"$out/whole.jsonl") lines"
else
	echo "the runs differ: see $out" >&2
	exit 1
fi
