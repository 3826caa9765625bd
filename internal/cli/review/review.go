package review

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const help = `Review suspects: calls in which the customer seems to have refused.

Confirming a suspect freezes its number at once; dismissing lets it go. Both are
final for this round: revert takes a decision back, releases its freeze, and opens
the suspect again. Everything is kept with the name of whoever did it: see --as.

Some suspects are blind: what was found is hidden until they are decided, and in some
nothing was found; they were chosen by chance to learn what is missed. Some decided
calls are put before another reviewer. refrain report tells what comes of both.

Wherever a suspect is to be named, the last characters of its id are enough: six or more.`

const example = `  refrain review list
  refrain review next
  refrain review show 01K3ABCDEFGHJKMNPQRSTVWXYZ
  refrain review confirm 01K3ABCDEFGHJKMNPQRSTVWXYZ --class stop_calling --note "asked twice"
  refrain review dismiss 01K3ABCDEFGHJKMNPQRSTVWXYZ --note "it was the radio"
  refrain review revert 01K3ABCDEFGHJKMNPQRSTVWXYZ --reason "wrong customer"`

// command is what the commands of review share.
type command struct {
	*console.Console
	client *client.Flags
	format *output.Format
}

// New makes refrain review.
func New(c *console.Console) *cobra.Command {
	cmd := &cobra.Command{Use: "review", Short: "List, confirm and dismiss suspects", Long: help,
		Example: example}
	usage.RequireSubcommand(cmd)
	r := &command{Console: c, client: client.AddFlags(c, cmd), format: output.FormatFlag(cmd)}
	cmd.AddCommand(newList(r), newNext(r), newShow(r), newClaim(r), newRelease(r), newPass(r), newConfirm(r),
		newDismiss(r), newRevert(r), newAppeal(r))
	return cmd
}

// with runs f with a connection.
func (r *command) with(f func(cl *client.Client) error) error { return r.client.With(f) }

const (
	// idLen is how long ids are, and minShort how much of an id's end is enough to look it up.
	idLen, minShort = 26, 6
	// mostAlike is how many suspects are listed that an end may mean.
	mostAlike = 10
)

// suspectName accepts a suspect's name, its bare id, or the end of that.
func suspectName(ctx context.Context, cl *client.Client, arg string) (string, error) {
	id := SuspectID(arg)
	if strings.Contains(id, "/") {
		return arg, nil
	}
	if len(id) < minShort || len(id) >= idLen {
		return "suspects/" + id, nil
	}
	resp, err := cl.Reviews.ListSuspects(ctx, &pb.ListSuspectsRequest{ShortId: id, PageSize: mostAlike})
	if err != nil {
		return "", err
	}
	found := resp.GetSuspects()
	switch len(found) {
	case 0:
		return "", fmt.Errorf("there is no suspect whose id ends in %s; see those that there are with: refrain "+
			"review list", id)
	case 1:
		return found[0].GetName(), nil
	}
	alike := make([]string, len(found))
	for i, s := range found {
		alike[i] = fmt.Sprintf("%s (%s, call %s)", SuspectID(s.GetName()), output.EnumName(s.GetState(), "STATE_"),
			s.GetCallId())
	}
	return "", fmt.Errorf("%s is the end of several suspects' ids; give more of it: %s", id,
		strings.Join(alike, ", "))
}

// SuspectID is the id in a suspect's name, as users type it.
func SuspectID(name string) string { return strings.TrimPrefix(name, "suspects/") }
