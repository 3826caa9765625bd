package retention

import (
	"cmp"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const help = `See for how long the server keeps what, and erase what is over.

The server erases what is over by itself, every hour. An age counts from the arrival, so
that an archive of old calls is kept as long as new ones. Periods are set in the server's
settings (retention), for each kind and, where need be, for each line. What a legal hold
is on stays ('refrain hold').`

const example = `  refrain retention show
  refrain retention run --dry-run
  refrain retention run`

// command is what the commands of retention share.
type command struct {
	*console.Console
	client *client.Flags
	format *output.Format
}

// New makes refrain retention.
func New(c *console.Console) *cobra.Command {
	cmd := &cobra.Command{Use: "retention", Short: "See for how long what is kept, and erase what is over",
		Long: help, Example: example}
	usage.RequireSubcommand(cmd)
	r := &command{c, client.AddFlags(c, cmd), output.FormatFlag(cmd)}
	r.client.DataFlag(cmd)
	cmd.AddCommand(newShow(r), newRun(r))
	return cmd
}

func newShow(r *command) *cobra.Command {
	return &cobra.Command{
		Use: "show", Short: "Show the periods, and what is over", Args: usage.NoArgs,
		Example: "  refrain retention show",
		RunE: r.Action(func(cmd *cobra.Command, _ []string) error {
			return r.client.With(func(cl *client.Client) error {
				resp, err := cl.Retention.ShowRetention(cmd.Context(), &pb.ShowRetentionRequest{})
				if err != nil {
					return err
				}
				return r.show(resp)
			})
		}),
	}
}

func newRun(r *command) *cobra.Command {
	req := &pb.RunRetentionRequest{}
	cmd := &cobra.Command{
		Use: "run", Short: "Erase what is over now", Args: usage.NoArgs,
		Long: "Erase what is over now, in small portions beside the server's other work. With --dry-run nothing " +
			"is erased, and it is told what would be.",
		Example: "  refrain retention run --dry-run",
		RunE: r.Action(func(cmd *cobra.Command, _ []string) error {
			return r.client.With(func(cl *client.Client) error {
				resp, err := cl.Retention.RunRetention(cmd.Context(), req)
				if err != nil {
					return err
				}
				return r.due(resp.GetErased(), req.GetDryRun())
			})
		}),
	}
	cmd.Flags().BoolVar(&req.DryRun, "dry-run", false, "erase nothing, only tell what would go")
	return cmd
}

// Shown is what retention show tells, as JSON.
type Shown struct {
	Periods []Period `json:"periods"`
	Due     []Due    `json:"due"`
	// BackupsDays is null where the server's settings don't say it.
	BackupsDays *float64 `json:"backups_days"`
}

// Period is how long a kind is kept, as JSON.
type Period struct {
	Kind string `json:"kind"`
	// Line is "" for all that have no period of their own.
	Line      string   `json:"line"`
	Days      float64  `json:"days"`
	FloorDays *float64 `json:"floor_days"`
}

// Due is what is over, or went, as JSON.
type Due struct {
	Kind      string `json:"kind"`
	Count     int64  `json:"count"`
	Bytes     int64  `json:"bytes"`
	HeldCount int64  `json:"held_count"`
	HeldBytes int64  `json:"held_bytes"`
}

func days(d *durationpb.Duration) *float64 {
	if d == nil {
		return nil
	}
	n := d.AsDuration().Hours() / (24 * time.Hour).Hours()
	return &n
}

func newDue(d *pb.RetentionDue) Due {
	return Due{d.GetKind(), d.GetCount(), d.GetSizeBytes(), d.GetHeldCount(), d.GetHeldBytes()}
}

func (r *command) show(resp *pb.ShowRetentionResponse) error {
	line := Shown{Periods: []Period{}, Due: []Due{}, BackupsDays: days(resp.GetBackupsPeriod())}
	for _, p := range resp.GetPeriods() {
		line.Periods = append(line.Periods, Period{p.GetKind(), p.GetLine(), *days(p.GetPeriod()),
			days(p.GetFloor())})
	}
	for _, d := range resp.GetDue() {
		line.Due = append(line.Due, newDue(d))
	}
	if *r.format == output.JSON {
		return r.JSON(line)
	}
	t := output.NewTable("KIND", "LINE", "KEPT FOR", "THE LAW WANTS")
	for _, p := range line.Periods {
		t.Add(p.Kind, p.Line, dayText(&p.Days), dayText(p.FloorDays))
	}
	t.Add("backups", "", cmp.Or(dayText(line.BackupsDays), "not told"), "")
	if err := t.Write(r.Out); err != nil {
		return err
	}
	if err := r.Println("", "over now:"); err != nil {
		return err
	}
	return r.table(line.Due)
}

func dayText(days *float64) string {
	if days == nil {
		return ""
	}
	return strconv.FormatFloat(*days, 'f', -1, 64) + "d"
}

// due prints what went, or would go.
func (r *command) due(went []*pb.RetentionDue, dry bool) error {
	if *r.format == output.JSON {
		return console.JSONLines(r.Console, went, newDue)
	}
	lines := make([]Due, len(went))
	for i, d := range went {
		lines[i] = newDue(d)
	}
	if dry {
		if err := r.Println("would be erased; nothing was:"); err != nil {
			return err
		}
	}
	return r.table(lines)
}

func (r *command) table(due []Due) error {
	t := output.NewTable("KIND", "COUNT", "BYTES", "HELD", "HELD BYTES")
	for _, d := range due {
		t.Add(d.Kind, strconv.FormatInt(d.Count, 10), strconv.FormatInt(d.Bytes, 10),
			strconv.FormatInt(d.HeldCount, 10), strconv.FormatInt(d.HeldBytes, 10))
	}
	return t.Write(r.Out)
}
