package cli

import (
	"runtime"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
)

// versionLine is the program's version as JSON.
type versionLine struct {
	Version string `json:"version"`
	Engine  string `json:"engine"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

// text is the same for people; --version prints it, too.
func (v versionLine) text() string {
	return "refrain " + v.Version + " (" + v.Engine + ", " + v.Go + ", " + v.OS + "/" + v.Arch + ")"
}

func newVersionLine(p Parts) versionLine {
	return versionLine{p.Version, p.Engine, runtime.Version(), runtime.GOOS, runtime.GOARCH}
}

func newVersion(c *console.Console, p Parts) *cobra.Command {
	cmd := &cobra.Command{
		Use: "version", Short: "Print the program's version", Args: usage.NoArgs,
		Example: "  refrain version\n  refrain version --format json",
	}
	format := output.FormatFlag(cmd)
	cmd.RunE = c.Action(func(*cobra.Command, []string) error {
		if *format == output.JSON {
			return c.JSON(newVersionLine(p))
		}
		return c.Println(newVersionLine(p).text())
	})
	return cmd
}
