package check

import (
	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
)

const help = `Ask whether numbers may be called.

The answer, allowed or not, is on standard output, and the exit code is 0 for both.
Asking has no side effects. NUMBER - reads numbers from standard input, one a line,
and answers in that order as they come.

With --file a whole campaign list is scrubbed: the lines whose number (--column, by
default the one whose name says so, or else the first) may be called are written to --out
as they stand, and the others, if you like, to --refused. A first line that names the
columns goes to both. Lines without a number that can be understood count as refused.
Where anything fails there is no --out. With calling hours in force say for when the list
is (--at): where it is outside of them now and nothing is said, the list is refused as a
whole, and a time outside of them is noted. The list may be UTF-8, UTF-16 or GB18030, with
commas, semicolons or tabs, and what is written is like it; of a workbook (.xlsx) it is
CSV.

JSON: {"number","allowed","reason","until","class","freeze","rule","sentence",
"sentence_en"}. reason is none, frozen, rule_limit, hours, allow_listed or stale, or
invalid_number for what is no number. until is until when that holds, null where nothing
speaks against the call and for a number that stays frozen until somebody releases it.
With --file: {"file","numbers","allowed","refused":{reason: how many}}, and where there
is something to say "encoding" and "notes".

Exit codes: 0 answered, 1 failed or a number was not understood, 2 wrong use.`

const example = `  refrain check 13800138000
  refrain check 13800138000 010-62345678 --format json
  refrain check 13800138000 --at 2026-12-01T09:00:00+08:00
  refrain check - --format json < numbers.txt
  refrain check --file list.csv --out allowed.csv --refused refused.csv`

// batchSize is how many numbers one message asks for at most.
const batchSize = 1000

// New makes refrain check.
func New(c *console.Console) *cobra.Command {
	k := &checker{Console: c}
	scrub := &scrubber{checker: k}
	cmd := &cobra.Command{
		Use: "check NUMBER... | --file FILE --out FILE", Short: "Ask whether numbers may be called",
		Long: help, Example: example,
		Args: cobra.ArbitraryArgs, ValidArgsFunction: cobra.NoFileCompletions,
	}
	flags, format := client.AddFlags(c, cmd), output.FormatFlag(cmd)
	cmd.Flags().StringVar(&k.moment, "at", "", "ask about another moment, as `RFC 3339` time")
	cmd.Flags().StringVar(&k.line, "line", "", "the `line` that would be used")
	cmd.Flags().StringVar(&k.agent, "agent", "", "the `agent` who would call")
	scrub.flags(cmd)
	cmd.RunE = c.Action(func(cmd *cobra.Command, args []string) error {
		k.format = *format
		if err := k.readTime(); err != nil {
			return err
		}
		if scrub.file != "" {
			return scrub.run(cmd.Context(), flags, args)
		}
		if scrub.column != "" || scrub.refusedFile != "" {
			return usage.Errorf("--column and --refused go with a list: --file")
		}
		numbers, err := k.numbers(cmd.Context(), args)
		if err != nil {
			return err
		}
		return k.run(cmd.Context(), flags, numbers)
	})
	return cmd
}
