package importer

import (
	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/sheet"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	"github.com/refrain-asr/refrain/internal/cli/when"
)

// Help is what the help of every import ends with.
const Help = `CSV may be UTF-8, UTF-16 or GB18030, with commas, semicolons or tabs; a workbook (.xlsx)
has its table on the first sheet. Columns may stand in any order, and others are passed
over. Common names are known, Chinese and English, and those of the usual switches;
--map number=NAME tells of another. A row must stand in one line.

Times may be RFC 3339, 2026-11-27 09:15:00, 2026/11/27 9:15, 20261127091500, or seconds,
milliseconds or microseconds since 1970. Those without a zone are Asia/Shanghai's, or
--zone's.

Rows that can't be taken are put into a file of rejects (of a workbook: CSV), in the same
form with a column more that says why; the others go on. Mend that file and import it
with the same flags. An import can be repeated: what is known already changes nothing.

JSON: {"file","rows","taken","rejected","rejects"}, and where there is something to say
"encoding","notes" (how it was read),"hints" (what looks odd). Exit codes: 0 all taken,
1 failed or rows were rejected, 2 wrong use.`

// Options are what the flags of every import say.
type Options struct {
	sheet.Options
	// Times reads the times of the table.
	Times when.Reader
	// Rejects is the file for rows that are not taken; "" for one beside the table.
	Rejects string
}

// Flags adds the flags.
func (o *Options) Flags(cmd *cobra.Command) {
	o.Options.Flags(cmd)
	o.Times.Flags(cmd)
	cmd.Flags().StringVar(&o.Rejects, "rejects", "", "the `file` for rows that are not taken, "+
		"with the reason (default FILE.rejects.csv or .jsonl)")
}

func (o *Options) open() error {
	if err := o.Times.Open(); err != nil {
		return usage.Errorf("%v", err)
	}
	return nil
}
