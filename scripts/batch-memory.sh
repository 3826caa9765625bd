#!/usr/bin/env bash
# usage: batch-memory.sh [COUNT...]    hears archives of so many files (100 and 10000) with the demo model, and prints the most memory
# that refrain batch and its speech process had. Needs bin/refrain, Go and Python.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd -P)
[ $# -gt 0 ] || set -- 100 10000
out=${OUT:-$(mktemp -d)}

for count in "$@"; do
	rm -rf "$out/calls" "$out"/calls.jsonl*
	make=(go run -tags netgo,osusergo ./internal/testcall/makecalls -links $((count / 20)))
	# Of twenty calls, one in which somebody speaks.
	(cd "$root" && "${make[@]}" -dir "$out/calls/silent" -calls 19 -least 400ms -median 400ms -most 400ms &&
		"${make[@]}" -dir "$out/calls/spoken" -calls 1 -least 2s -median 2s -most 2s)
	python3 - "$root/bin/refrain" batch "$out/calls" --model demo --preset asterisk-mixmonitor --out "$out/calls.jsonl" <<-'END'
	import glob, subprocess, sys, time
	run = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
	most = {}
	def note(pid, name):
	    try:
	        for line in open(f'/proc/{pid}/status'):
	            if line.startswith('VmHWM'):
	                most[name] = max(most.get(name, 0), int(line.split()[1]))
	    except (FileNotFoundError, ProcessLookupError):
	        pass
	while run.poll() is None:
	    note(run.pid, 'refrain')
	    try:
	        for pid in open(f'/proc/{run.pid}/task/{run.pid}/children').read().split():
	            note(pid, 'speech')
	        for task in glob.glob(f'/proc/{run.pid}/task/*/children'):
	            for pid in open(task).read().split():
	                note(pid, 'speech')
	    except (FileNotFoundError, ProcessLookupError):
	        pass
	    time.sleep(0.2)
	print(run.stdout.read().splitlines()[0])
	print(', '.join(f'{name} {kb / 1024:.0f} MB' for name, kb in most.items()))
	END
done
