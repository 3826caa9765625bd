package sheet

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/usage"
)

// Options say what can't be told from a file.
type Options struct {
	// Encoding is the name of the text's; "" for what it looks like.
	Encoding string
	// Sheet is the name of a workbook's sheet; "" for the first that is shown.
	Sheet string
	// Maps say which column holds what, as in "number=号码".
	Maps []string
}

// Flags adds --encoding, --sheet and --map.
func (o *Options) Flags(cmd *cobra.Command) {
	o.TextFlags(cmd)
	cmd.Flags().StringArrayVar(&o.Maps, "map", nil, "which of the file's columns holds what, such "+
		"as `number=号码`; can be repeated")
}

// TextFlags adds --encoding and --sheet.
func (o *Options) TextFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.Encoding, "encoding", "", "the `name` of the text's encoding, such as gb18030 "+
		"(default what it looks like)")
	f.StringVar(&o.Sheet, "sheet", "", "the `name` of the workbook's sheet (default the first)")
}

// encodingOf is the one that was named or else detected. What a byte order mark says
// stands above both.
func (o Options) encodingOf(f io.ReadSeeker) (Encoding, error) {
	if o.Encoding == "" {
		return detect(f)
	}
	e, err := named(o.Encoding)
	if err != nil {
		return e, usage.Errorf("--encoding %q %v", o.Encoding, err)
	}
	start := make([]byte, len(byteOrderMark))
	n, _ := io.ReadFull(f, start) // a shorter file has no mark
	if m, ok := marked(start[:n]); ok {
		return m, nil
	}
	return e, nil
}

// mapping is one --map.
type mapping struct{ column, name string }

func (o Options) mappings(l Layout) ([]mapping, error) {
	all := make([]mapping, len(o.Maps))
	for i, text := range o.Maps {
		column, name, ok := strings.Cut(text, "=")
		column = strings.ToLower(strings.TrimSpace(column))
		all[i] = mapping{column, name}
		switch {
		case !ok || strings.TrimSpace(name) == "":
			return nil, usage.Errorf("--map %q: write COLUMN=NAME, such as %s=NAME", text, l.Columns[0])
		case !l.knows(column):
			return nil, usage.Errorf("--map %q: there is no column %q; the columns are %s", text,
				column, strings.Join(l.Columns, ", "))
		}
		for _, earlier := range all[:i] {
			if earlier.column == column || SameName(earlier.name, name) {
				return nil, usage.Errorf("--map %q and %q are about the same column",
					earlier.column+"="+earlier.name, text)
			}
		}
	}
	return all, nil
}
