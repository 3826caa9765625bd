#!/usr/bin/env bash
# usage: beside.sh CALLS [CT2_MODEL PYTHON]    hears the calls (CALLS/*.wav, the customer on the right) with refrain (transcribe, and batch), with whisper-cli on the customer's
# track and on the mix, and with faster-whisper on the track, two threads each, one after the other, and prints what each
# took. CT2_MODEL is Whisper base as CTranslate2 reads it, PYTHON one that has faster-whisper; without them it is left
# out. Needs sox. What they heard is left in OUT (by default a new folder), one file for each. Calls to measure with, of 15 to 300 s, half
# of them shorter than a minute, the customer talking a quarter of the time:
#   go run -tags netgo,osusergo ./internal/testcall/makecalls -dir CALLS -calls 60
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd -P)
calls=$(cd "${1:?usage: beside.sh CALLS [CT2_MODEL PYTHON]}" && pwd -P) ct2=${2:-} python=${3:-}
out=${OUT:-$(mktemp -d)}
mkdir -p "$out/right" "$out/mix"
server=$("$root/scripts/whisper-server.sh")
tree=$(dirname "$server")/root
lib=$(echo "$tree"/usr/lib/*-linux-gnu)
model=$root/models/ggml-base-q8_0.bin

for f in "$calls"/*.wav; do
	sox "$f" -b 16 -r 16000 "$out/right/$(basename "$f")" remix 2
	sox "$f" -b 16 -r 16000 "$out/mix/$(basename "$f")" remix 1,2
done

cli() { # FOLDER: greedy, no second tries, as refrain hears at first
	(cd "$lib"/ggml/backends*/ && "$lib"/ld-linux-*.so.* --library-path "$lib" "$tree/usr/bin/whisper-cli" -m "$model" -l zh -t 2 -bs 1 -bo 1 -nf -np "$1"/*.wav)
}

faster() {
	"$python" - "$ct2" "$out/right" <<-'END'
	import glob, sys
	from faster_whisper import BatchedInferencePipeline, WhisperModel
	from faster_whisper.audio import decode_audio
	m = BatchedInferencePipeline(WhisperModel(sys.argv[1], device='cpu', compute_type='int8', cpu_threads=2))
	for f in sorted(glob.glob(sys.argv[2] + '/*.wav')):
	    s, _ = m.transcribe(decode_audio(f), language='zh', beam_size=1, batch_size=8, vad_filter=True)
	    print(f, ' '.join(x.text for x in s), sep='\t')
	END
}

measure() { # NAME COMMAND...
	local name=$1 from
	shift
	from=$(date +%s.%N)
	"$@" >"$out/$name.txt" 2>"$out/$name.log" || { echo "$name failed: see $out/$name.log" >&2; exit 1; }
	awk -v name="$name" -v a="$from" -v b="$(date +%s.%N)" 'BEGIN {printf "%-24s %6.1f s\n", name, b - a}'
}

measure refrain "$root/bin/refrain" transcribe --format json --agent-track off "$calls"/*.wav
batch() { # NAME FLAG...: as a fresh run
	rm -f "$out/$1".jsonl*
	"$root/bin/refrain" batch "$calls" --out "$out/$1.jsonl" "${@:2}"
}

measure refrain-batch batch batch --agent-track off
measure refrain-batch-with-agent batch batch-agent
measure refrain-with-agent "$root/bin/refrain" transcribe --format json "$calls"/*.wav
REFRAIN_SPEECH_SECOND_LOOK=false measure refrain-one-look "$root/bin/refrain" transcribe --format json --agent-track off "$calls"/*.wav
measure whisper-cli-track cli "$out/right"
measure whisper-cli-mix cli "$out/mix"
[ -z "$ct2" ] || measure faster-whisper-track faster
echo "what they heard: $out"
