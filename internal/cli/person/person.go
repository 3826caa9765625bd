package person

import (
	"archive/zip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/files"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const help = `Give a person all that is held about it, or erase that.

Both are for those whom the server permits to see numbers in full (privacy.reveal in its
settings), and that they did is logged.`

const example = `  refrain person export 13800138000 --out held.zip
  refrain person erase 13800138000 --reason "asked us to, letter of 2026-11-20"`

const eraseHelp = `Erase all that is held about a number: audio, transcripts, calls, decisions, complaints,
notes, and the number where it stands in what is held about others. A legal hold on any
of it prevents that.

Its freezes stand on by a keyed hash of the number, so that nobody calls it again; an
entry of the allow list ends. A backup that is put back learns of the erasure from
erasures.log, which lies in the data directory and in backups.

A certificate of what was erased is printed; keep it. Audio in an archive outside of the
data directory is never touched: erase it there.`

// command is what the commands of person share.
type command struct {
	*console.Console
	client *client.Flags
}

// New makes refrain person.
func New(c *console.Console) *cobra.Command {
	cmd := &cobra.Command{Use: "person", Short: "Export or erase all that is held about a person", Long: help,
		Example: example}
	usage.RequireSubcommand(cmd)
	p := &command{c, client.AddFlags(c, cmd)}
	p.client.DataFlag(cmd)
	cmd.AddCommand(newErase(p), newExport(p))
	return cmd
}

func newErase(p *command) *cobra.Command {
	req := &pb.ErasePersonRequest{}
	cmd := &cobra.Command{
		Use: "erase NUMBER --reason R", Short: "Erase all that is held about a number", Long: eraseHelp,
		Args:    usage.OneArg("NUMBER"),
		Example: "  refrain person erase 13800138000 --reason \"asked us to, letter of 2026-11-20\"",
	}
	format := output.FormatFlag(cmd)
	usage.ReasonFlag(cmd, &req.Reason)
	cmd.RunE = p.Action(func(cmd *cobra.Command, args []string) error {
		req.Number = args[0]
		return p.client.With(func(cl *client.Client) error {
			resp, err := cl.People.ErasePerson(cmd.Context(), req)
			if err != nil {
				return err
			}
			line := newCertificate(resp.GetCertificate())
			if *format == output.JSON {
				return p.JSON(line)
			}
			return p.Println(line.text()...)
		})
	})
	return cmd
}

// Certificate says what was erased, as JSON.
type Certificate struct {
	Erasure string  `json:"erasure"`
	Number  string  `json:"number"` // masked
	At      *string `json:"at"`
	Reason  string  `json:"reason"`
	Actor   string  `json:"actor"`
	// Pseudonym is the keyed hash of the number, Key names its key.
	Pseudonym  string           `json:"pseudonym"`
	Key        string           `json:"key"`
	Erased     map[string]int64 `json:"erased"`
	AudioBytes int64            `json:"audio_bytes"`
	Frozen     bool             `json:"frozen"`
	// Remains are places in which the number is still found.
	Remains []string `json:"remains"`
	// BackupsDays is null where the server's settings don't say it.
	BackupsDays *float64 `json:"backups_days"`
}

func newCertificate(c *pb.Certificate) Certificate {
	out := Certificate{c.GetId(), c.GetMaskedNumber(), output.JSONTime(c.GetEraseTime()), c.GetReason(),
		c.GetActor(), c.GetPseudonym(), c.GetKeyId(), c.GetErasedCounts(), c.GetAudioBytes(), c.GetFrozen(),
		append([]string{}, c.GetRemains()...), nil}
	if d := c.GetBackupsPeriod(); d != nil {
		days := d.AsDuration().Hours() / (24 * time.Hour).Hours()
		out.BackupsDays = &days
	}
	return out
}

func (c Certificate) text() []string {
	lines := []string{"CERTIFICATE OF ERASURE " + c.Erasure, "number    " + c.Number,
		"at        " + output.OrEmpty(c.At), "by        " + c.Actor, "reason    " + c.Reason, "erased:"}
	for _, k := range slices.Sorted(maps.Keys(c.Erased)) {
		lines = append(lines, fmt.Sprintf("  %-12s %d", k, c.Erased[k]))
	}
	lines = append(lines, fmt.Sprintf("  %-12s %d bytes", "audio", c.AudioBytes), "kept:",
		"  pseudonym    "+c.Pseudonym,
		"  key          "+c.Key,
		"  This keyed hash of the number is a pseudonym, and so personal data still: whoever has the ledger's",
		"  key can try all numbers. It is kept so that the freezes stand on, and so that a backup which is put",
		"  back learns of the erasure.")
	if c.Frozen {
		lines = append(lines, "  A freeze stands: the number is not called again.")
	} else {
		lines = append(lines, "  No freeze stands: nothing keeps the number from being called.")
	}
	if c.BackupsDays == nil {
		lines = append(lines, "backups   hold the data for as long as they are kept; the server's settings don't say for "+
			"how long (retention.backups)")
	} else {
		lines = append(lines, fmt.Sprintf("backups   hold the data for up to %g days more", *c.BackupsDays))
	}
	if len(c.Remains) > 0 {
		return append(lines, "NOT ALL IS GONE: the number is still found in "+strings.Join(c.Remains, "; "))
	}
	return append(lines, "All tables, the database's file and its log were searched for it in all forms that are known: it is "+
		"in none.", "On pages of the file that nobody reads it is not recognised where it was parted, as in the words of a "+
		"transcript.")
}

func newExport(p *command) *cobra.Command {
	req := &pb.ExportPersonRequest{}
	var out string
	cmd := &cobra.Command{
		Use: "export NUMBER --reason R --out FILE", Short: "Write all that is held about a number as a ZIP",
		Long: "Write all that is held about a number as a ZIP: person.json, which has the rows that are about it as " +
			"they are stored, and the audio.",
		Args:    usage.OneArg("NUMBER"),
		Example: "  refrain person export 13800138000 --reason \"asked to see it\" --out held.zip",
		RunE: p.Action(func(cmd *cobra.Command, args []string) error {
			req.Number = args[0]
			return p.client.With(func(cl *client.Client) error { return p.export(cmd, cl, req, out) })
		}),
	}
	usage.ReasonFlag(cmd, &req.Reason)
	cmd.Flags().StringVar(&out, "out", "", "write to this `file`, which must not be there yet")
	_ = cmd.MarkFlagRequired("out") // it is there
	return cmd
}

func (p *command) export(cmd *cobra.Command, cl *client.Client, req *pb.ExportPersonRequest, out string) error {
	stream, err := cl.People.ExportPerson(cmd.Context(), req)
	if err != nil {
		return err
	}
	file, err := files.Create(out)
	if err != nil {
		return err
	}
	copied := func() error {
		for {
			m, err := stream.Recv()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			if _, err := file.Write(m.GetChunk()); err != nil {
				return err
			}
		}
	}
	if err := file.End(copied()); err != nil {
		return err
	}
	if err := p.tellErased(out); err != nil {
		return err
	}
	return p.Println(out + ": all that is held about the number")
}

// tellErased says so where the person was erased: who asks for a person's data expects more than that.
func (p *command) tellErased(name string) error {
	z, err := zip.OpenReader(name)
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	defer func() { _ = z.Close() }() // it was only read
	about, err := z.Open("person.json")
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	var held struct {
		Erasures []struct {
			ID string
			At time.Time
		}
	}
	if err := json.NewDecoder(about).Decode(&held); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	if n := len(held.Erasures); n > 0 {
		last := held.Erasures[n-1]
		p.Errorf("this person was erased on %s (%s): of what was held before, only the pseudonym is",
			output.TextTime(timestamppb.New(last.At)), last.ID)
	}
	return nil
}
