package key

import (
	"cmp"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

func newList(k *command) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List all keys, without their tokens", Args: usage.NoArgs,
		Example: "  refrain key list",
		RunE: k.Action(func(cmd *cobra.Command, _ []string) error {
			return k.client.With(func(cl *client.Client) error {
				resp, err := cl.Keys.ListKeys(cmd.Context(), &pb.ListKeysRequest{})
				if err != nil {
					return err
				}
				return k.print(resp.GetKeys())
			})
		}),
	}
}

func newWho(k *command) *cobra.Command {
	return &cobra.Command{
		Use: "who", Short: "Show as whom the server knows the caller", Args: usage.NoArgs,
		Example: "  refrain key who --key @/etc/refrain/pbx.key",
		RunE: k.Action(func(cmd *cobra.Command, _ []string) error {
			return k.client.With(func(cl *client.Client) error {
				who, err := cl.Keys.WhoAmI(cmd.Context(), &pb.WhoAmIRequest{})
				if err != nil {
					return err
				}
				return k.who(who)
			})
		}),
	}
}

func (k *command) who(who *pb.WhoAmIResponse) error {
	role := output.EnumName(who.GetRole(), "ROLE_")
	if *k.format == output.JSON {
		return k.JSON(struct {
			Name  *string  `json:"name"`
			Role  string   `json:"role"`
			Lines []string `json:"lines"`
			Actor *string  `json:"actor"`
			Open  bool     `json:"open"`
		}{output.OrNull(who.GetName()), role, append([]string{}, who.GetLines()...),
			output.OrNull(who.GetActor()), who.GetOpen()})
	}
	name := cmp.Or(who.GetName(), "nobody in particular")
	text := name + ", as " + role + linesText(who.GetLines()) + "; recorded as " + cmp.Or(who.GetActor(), "local")
	if who.GetOpen() {
		text += "; there is no key yet and nobody signs in, so whoever asks from the server's machine may do everything"
	}
	return k.Println(text)
}

// Line is a key as JSON.
type Line struct {
	Key           string      `json:"key"`
	Role          string      `json:"role"`
	Lines         []string    `json:"lines"`
	ActsForOthers bool        `json:"acts_for_others"`
	Active        bool        `json:"active"`
	Created       *string     `json:"created"`
	Creator       string      `json:"creator"`
	Expires       *string     `json:"expires"`
	Revoked       *string     `json:"revoked"`
	Tokens        []TokenLine `json:"tokens"`
	// Token is what is to be sent, where it was made just now.
	Token *string `json:"token,omitempty"`
}

// TokenLine is what is known of a token, as JSON.
type TokenLine struct {
	Prefix string  `json:"prefix"`
	Ends   *string `json:"ends"`
	Used   *string `json:"used"`
}

func (k *command) line(key *pb.Key) Line {
	l := Line{name(key), output.EnumName(key.GetRole(), "ROLE_"), append([]string{}, key.GetLines()...),
		key.GetActsForOthers(), key.GetActive(), output.JSONTime(key.GetCreateTime()), key.GetCreator(),
		output.JSONTime(key.GetExpireTime()), output.JSONTime(key.GetRevokeTime()), []TokenLine{}, nil}
	for _, t := range key.GetTokens() {
		l.Tokens = append(l.Tokens, TokenLine{t.GetPrefix(), output.JSONTime(t.GetEndTime()),
			output.JSONTime(t.GetLastUseTime())})
	}
	return l
}

// show shows a token, which nobody can find out again.
func (k *command) show(key *pb.Key, token, more string) error {
	if *k.format == output.JSON {
		l := k.line(key)
		l.Token = &token
		return k.JSON(l)
	}
	k.Errorf("the key %s, for %s%s; it is shown this once%s", name(key),
		withArticle(output.EnumName(key.GetRole(), "ROLE_")), linesText(key.GetLines()), more)
	return k.Println(token)
}

// withArticle is a role in a sentence.
func withArticle(role string) string {
	if strings.ContainsAny(role[:min(1, len(role))], "aeiou") {
		return "an " + role
	}
	return "a " + role
}

func (k *command) print(keys []*pb.Key) error {
	if *k.format == output.JSON {
		return console.JSONLines(k.Console, keys, k.line)
	}
	if len(keys) == 0 {
		return k.Println("no keys: while nobody signs in either, whoever asks from the server's machine may do everything")
	}
	t := output.NewTable("KEY", "ROLE", "LINES", "BEGINS", "LAST USED", "STANDS")
	for _, key := range keys {
		lines := cmp.Or(strings.Join(key.GetLines(), ","), "all")
		prefix := ""
		if tokens := key.GetTokens(); len(tokens) > 0 {
			prefix = tokens[0].GetPrefix()
		}
		t.Add(name(key), output.EnumName(key.GetRole(), "ROLE_"), lines, prefix,
			cmp.Or(output.TextTime(lastUse(key)), "never"), stands(key))
	}
	return t.Write(k.Out)
}

// stands says whether a key can be used, and for how long.
func stands(key *pb.Key) string {
	switch {
	case key.GetRevokeTime() != nil:
		return "revoked by " + key.GetRevoker()
	case !key.GetActive():
		return "expired"
	case key.GetExpireTime() != nil:
		return "until " + output.TextTime(key.GetExpireTime())
	}
	return "yes"
}

func lastUse(key *pb.Key) (last *timestamppb.Timestamp) {
	for _, t := range key.GetTokens() {
		if used := t.GetLastUseTime(); used != nil && (last == nil || used.AsTime().After(last.AsTime())) {
			last = used
		}
	}
	return last
}

func name(key *pb.Key) string { return strings.TrimPrefix(key.GetName(), "keys/") }

func linesText(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return " of " + strings.Join(lines, ", ")
}

// after is when a period that begins now is over.
func (*command) after(d *durationpb.Duration) *timestamppb.Timestamp {
	return timestamppb.New(time.Now().Add(d.AsDuration()))
}
