package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/cli/console"
)

// nowhere is an address at which nothing listens.
const nowhere = "127.0.0.1:1"

func TestExitCodes(t *testing.T) {
	t.Parallel()
	empty := t.TempDir()
	for _, tt := range []struct {
		args    string
		code    int
		message string
	}{
		{"--help", 0, ""},
		{"--version", 0, ""},
		{"send --help", 0, ""},
		{"help", 0, ""},
		{"help review confirm", 0, ""},
		{"completion bash", 0, ""},
		{"", 2, "say what to do"},
		{"review", 2, "say what to do"},
		{"chek 1", 2, `there is no command "refrain chek"; did you mean check?`},
		{"review conform x", 2, "did you mean confirm?"},
		{"send --bogus", 2, "unknown flag: --bogus"},
		{"send", 2, "name the file to send"},
		{"send a.wav", 2, "--number and --call-id are needed"},
		{"send a.wav --number 1", 2, "--number and --call-id are needed"},
		{"send a.wav b.wav --number 1 --call-id 2", 2, "use --manifest, --template or --preset"},
		{"send --manifest m.csv a.wav", 2, `leave "a.wav" out`},
		{"send --manifest m.csv --template x", 2, "none of the others can be"},
		{"send --template {call_id}_{number}.wav --number 1 a.wav", 2, "are for a single file"},
		{"send --template {call_id}.wav a.wav", 2, "must hold {number}"},
		{"send a.wav --number 1 --call-id 2 --customer-channel up", 2,
			`--customer-channel "up" must be left, right or mono`},
		{"send a.wav --number 1 --call-id 2 --answer-offset soon", 2, "must be seconds"},
		{"send a.wav --number 1 --call-id 2 --start today", 2, "must be a time, such as"},
		{"send a.wav --number 1 --call-id 2 --format xml", 2, "must be text or json"},
		{"send a.wav --number 1 --call-id 2 --server here", 2, "write host:port"},
		{"send a.wav --number 1 --call-id 2 --as \x01", 2, "must be plain text"},
		{"send --manifest " + filepath.Join(empty, "none.csv"), 1, "no such file"},
		{"gate", 2, "say which server to follow: --server HOST:PORT"},
		{"gate --server 127.0.0.1:1 --accept all", 2, "it must be older-server"},
		{"gate --server here", 1, "write the address of the server's gRPC, host:port"},
		{"gate --server 127.0.0.1:1 --key-file " + filepath.Join(empty, "none"), 1, "no such file"},
		{"check", 2, "give at least one NUMBER"},
		{"check 1 -", 2, "leave the others out"},
		{"check 1 --at noon", 2, "must be a time with its zone"},
		{"check 1 --out x", 2, "they must all be set; missing [file]"},
		{"check --file x", 2, "they must all be set; missing [out]"},
		{"check --file x --out y 1", 2, `--file names the list; leave "1" out`},
		{"check 1 --column 2", 2, "--column and --refused go with a list"},
		{"check --file none --out y", 1, "no such file"},
		{"migrate", 2, "say --from sqlite --to postgres"},
		{"migrate --from sqlite --to postgres", 2, "say with --source which data directory"},
		{"migrate --from sqlite --to postgres --source " + empty, 1, "the configuration names no database of PostgreSQL"},
		{"migrate roles --owner a --server a", 2, "must be three names"},
		{"migrate tables", 1, "no database of PostgreSQL is named"},
		{"call", 2, "say what to do"},
		{"call report", 2, "give one CALL-ID"},
		{"call report 1", 2, "--number is needed"},
		{"call report 1 --number 2", 2, "--start is needed"},
		{"call report 1 --number 2 --start now", 2, "say how it ended: --outcome, or what your " +
			"switch calls it with --sip, --freeswitch or --asterisk"},
		{"call report 1 --number 2 --start now --code 603", 2, "say how it ended"},
		{"call report 1 --number 2 --start now --sip 603", 2,
			`--start "now" must be a time, such as`},
		{"call report 1 --number 2 --start 2026-03-05 --sip 603", 2,
			"is a date without a time of day"},
		{"call report 1 --number 2 --start now --zone Mars --sip 603", 2,
			`--zone "Mars" must be a time zone`},
		{"call report 1 --number 2 --start 2026-03-05T09:00:00Z --sip 603 --outcome busy", 2,
			"none of the others can be"},
		{"call report 1 --number 2 --start 2026-03-05T09:00:00Z --sip 603 --code 17", 2,
			"none of the others can be"},
		{"call report 1 --number 2 --start 2026-03-05T09:00:00Z --outcome gone", 2,
			`--outcome "gone" is not known; use answered, rejected, no_answer, busy, unreachable, voicemail, cancelled, failed, invalid_number`},
		{"call report 1 --number 2 --start 2026-03-05T09:00:00Z --outcome unspecified", 2,
			"is not known"},
		{"call report 1 --number 2 --start 2026-03-05T09:00:00Z --outcome busy --ended-by me", 2,
			`--ended-by "me" is not known; use customer, agent, system`},
		{"call report 1 --number 2 --start 2026-03-05T09:00:00Z --outcome answered " +
			"--talk-seconds 12s", 2, `--talk-seconds "12s" must be seconds from 0`},
		{"call report 1 --number 2 --start 2026-03-05T09:00:00Z --outcome answered " +
			"--talk-seconds NaN", 2, "must be seconds from 0"},
		{"call report 1 --number 2 --start 2026-03-05T09:00:00Z --outcome answered --revision 0", 2,
			`--revision "0" must be a whole number from 1`},
		{"call report 1 --number 2 --start 2026-03-05T09:00:00Z --outcome answered --server " +
			nowhere, 1, "no server can be reached"},
		{"call import", 2, "give one FILE"},
		{"call show", 2, "give one CALL-ID"},
		{"call list --limit -1", 2, "must be 0 (no limit) or more"},
		{"call list --since yesterday", 2, `--since "yesterday" must be a time with its zone`},
		{"freeze add 1", 2, "say why: --reason"},
		{"freeze add 1 --reason x --for 5", 2, `--for "5" must be a period above 0`},
		{"freeze add 1 --reason x --until 2027-01-01", 2, "must be a time with its zone"},
		{"freeze add 1 --reason x --for 5d --until 2027-01-01T00:00:00Z", 2,
			"none of the others can be"},
		{"freeze extend x --for 5d", 2, "say why: --reason"},
		{"freeze list --reason whim", 2,
			`--reason "whim" is no reason of a freeze; use refused, rule, manual, complaint, imported`},
		{"freeze list --limit -1", 2, "must be 0 (no limit) or more"},
		{"freeze export --reason whim", 2, "is no reason of a freeze"},
		{"freeze export --server " + nowhere + " --out " + filepath.Join(empty, "x.csv"), 1,
			"no server can be reached"},
		{"freeze import none.csv", 1, "no such file"},
		{"freeze verify --server " + nowhere, 1, "no server can be reached"},
		{"allow add 1 --reason x", 2, "say for how long: --for or --until"},
		{"allow add 1 --for 7d", 2, "say why: --reason"},
		{"allow end x", 2, "say why: --reason"},
		{"allow list --server " + nowhere, 1, "no server can be reached"},
		{"complaint", 2, "say what to do"},
		{"complaint import", 2, "give one FILE"},
		{"rule", 2, "say what to do"},
		{"rule chek", 2, "did you mean check?"},
		{"rule check", 2, "give at least one FILE"},
		{"rule show --shipped --version x", 2, "none of the others can be"},
		{"rule activate", 2, "name a file or, with --version, an earlier version"},
		{"rule activate x --version y", 2, "name a file or, with --version, an earlier version"},
		{"rule activate none.yaml", 1, "no such file"},
		{"rule test a b", 2, "accepts at most 1 arg(s), received 2"},
		{"rule test --last 30", 2, `--last "30" must be a period above 0`},
		{"rule test --last 30d --since 2026-01-01T00:00:00Z", 2, "none of the others can be"},
		{"rule test --since 2026-01-01", 2, "must be a time with its zone"},
		{"rule list --server " + nowhere, 1, "no server can be reached"},
		{"report --period year", 2, `--period "year" must be day, week or month`},
		{"report --date today", 2, `--date "today" must be a date, such as 2026-02-17`},
		{"report --zone Mars", 2, `--zone "Mars" is no time zone`},
		{"report --cost-per-call -1", 2, "--cost-per-call -1 must be 0 (the server's setting) or " +
			"more"},
		{"report --format xml", 2, "must be text, json or csv"},
		{"report --server " + nowhere, 1, "no server can be reached"},
		{"check 13800138000 --server " + nowhere, 1, "no server can be reached at 127.0.0.1:1 " +
			"(connection refused); start one with: refrain serve"},
		{"review show", 2, "give one SUSPECT"},
		{"review list --state lost", 2, "use open, claimed, confirmed or dismissed"},
		{"review list --state open --all", 2, "none of the others can be"},
		{"review list --limit -1", 2, "must be 0 (no limit) or more"},
		{"review list --server " + nowhere, 1, "no server can be reached"},
		{"review revert x", 2, "say why: --reason"},
		{"review appeal x", 2, "say why: --reason"},
		{"review pass x", 2, "say what is unclear: --note"},
		{"review next --order best", 2, "use oldest, newest or score"},
		{"review list --called-since noon", 2, "--called-since \"noon\" must be a time"},
		{"review list --called-since 2026-03-02T00:00:00Z --called-until 2026-03-01T00:00:00Z", 2,
			"is not before --called-until"},
		{"review list --decided-since 2026-03-02T00:00:00Z --decided-until 2026-03-02T00:00:00Z", 2,
			"is not before --decided-until"},
		{"review confirm x --for long", 2, "--for"},
		{"freeze release", 2, "give one NUMBER"},
		{"freeze release 1", 2, "say why: --reason"},
		{"freeze list --server " + nowhere, 1, "no server can be reached"},
		{"freeze release 1 --reason=", 2, "say why: --reason"},
		{"match a b", 2, "give one FILE, or none for lines of standard input; here are 2 arguments"},
		{"match --customer 1", 2, "--customer is for a FILE; name one, or leave it out"},
		{"serve extra", 2, "serve takes no arguments"},
		{"help nosuch", 2, `there is no command "refrain nosuch"`},
		{"help review conform", 2,
			`there is no command "refrain review conform"; did you mean confirm?`},
		{"transcribe", 2, "give at least one FILE"},
		{"transcribe x.wav --customer-channel up", 2, "must be left, right or mono"},
		{"transcribe x.wav --answer-offset -1", 2, "must be seconds"},
		{"transcribe x.wav --agent-track yes", 2, "--agent-track is \"yes\"; it must be off, short or on"},
		{"transcribe x.wav --states -1", 2, "must be 0 or more"},
		{"transcribe x.wav --model no-such-model", 1, "neither a file nor a name"},
		{"model get", 2, "give one NAME"},
		{"model get no-such-model", 1, `there is no model "no-such-model"`},
		{"model get tiny --from nowhere --dir " + empty, 1, "must start with https://"},
		{"model verify --dir " + empty, 1, "there are no models in"},
		{"model verify " + filepath.Join(empty, "none.bin"), 1, "no such file"},
		{"demo --samples " + empty, 1, "there are no sample calls"},
		{"serve --log-level loud", 2, "must be debug, info, warn or error"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			t.Parallel()
			got := refrain(t, "", strings.Fields(tt.args)...)
			require.Equal(t, tt.code, got.code, "%s%s", got.out, got.errors)
			require.Contains(t, got.errors, tt.message)
			require.NotContains(t, got.errors, "rpc error")
			if tt.code == console.ExitDone {
				require.Empty(t, got.errors)
			} else {
				require.Empty(t, got.out)
				require.Contains(t, got.errors, "refrain: ")
			}
			require.Equal(t, tt.code == console.ExitUsage,
				strings.Contains(got.errors, "--help' for how to use it"), got.errors)
		})
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	require.Regexp(t, `^refrain \S+ \(whisper\.cpp \S+, go\S+, \w+/\w+\)\n$`,
		refrain(t, "", "--version").out)
}
