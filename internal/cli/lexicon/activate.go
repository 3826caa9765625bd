package lexicon

import (
	"context"
	"errors"
	"fmt"

	"github.com/oklog/ulid/v2"
	"github.com/spf13/cobra"
	"google.golang.org/grpc/codes"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	"github.com/refrain-asr/refrain/keywords/lexicon"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

func (l *command) print(lex *pb.Lexicon) error {
	if *l.format == output.JSON {
		return l.JSON(output.NewActivation(lex.GetVersion(), lex.GetActive(), lex.GetActivateTime(),
			lex.GetActor()))
	}
	text := fmt.Sprintf("%s  activated %s by %s", lex.GetVersion(),
		output.TextTime(lex.GetActivateTime()), lex.GetActor())
	if lex.GetActive() {
		text += "  (active)"
	}
	return l.Println(text)
}

func newActivate(l *command) *cobra.Command {
	var version string
	cmd := &cobra.Command{
		Use: "activate FILE | --version VERSION", Short: "Make the server judge by a lexicon " +
			"from now on", Args: cobra.MaximumNArgs(1),
		Example: "  refrain lexicon activate mine.yaml\n" +
			"  refrain lexicon activate --version default   # back to the one that comes with " +
			"Refrain",
	}
	cmd.Flags().StringVar(&version, "version", "", "an earlier `version` of the server's list, "+
		"or default")
	cmd.RunE = l.Action(func(cmd *cobra.Command, args []string) error {
		if (version == "") == (len(args) == 0) {
			return usage.Errorf("name a file or, with --version, an earlier version")
		}
		req := &pb.ActivateLexiconRequest{RequestId: ulid.Make().String(),
			Lexicon: &pb.ActivateLexiconRequest_Version{Version: version}}
		if len(args) > 0 {
			source, err := lexicon.Read(args[0])
			if err != nil {
				return err
			}
			req.Lexicon = &pb.ActivateLexiconRequest_Source{Source: string(source.Text)}
			return wrongIn(args[0], l.activate(cmd.Context(), req))
		}
		return l.activate(cmd.Context(), req)
	})
	return cmd
}

// wrongIn names the file that the server finds wrong, which it does not know by its name.
func wrongIn(file string, err error) error {
	if e, ok := errors.AsType[*client.Error](err); ok && e.Code == codes.InvalidArgument {
		return fmt.Errorf("%s: %w", file, err)
	}
	return err
}

func (l *command) activate(ctx context.Context, req *pb.ActivateLexiconRequest) error {
	return l.client.With(func(cl *client.Client) error {
		resp, err := cl.Lexicons.ActivateLexicon(ctx, req)
		if err != nil {
			return err
		}
		return l.print(resp.GetLexicon())
	})
}
