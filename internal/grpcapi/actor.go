package grpcapi

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"google.golang.org/grpc/metadata"

	"github.com/refrain-asr/refrain/fault"
)

// ActorKey is the metadata key that says who acts. Metadata can only hold ASCII, so
// other characters come percent-encoded in UTF-8 (%E6%9D%8E for 李), and so does a
// percent sign.
const ActorKey = "refrain-actor"

// actor is who acts, for methods that need to know. Only programs on this machine
// reach the server, and they are believed.
func actor(ctx context.Context) (string, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	var name string
	if values := md.Get(ActorKey); len(values) > 0 {
		name = strings.TrimSpace(values[0])
		if plain, err := url.PathUnescape(name); err == nil {
			name = plain
		}
	}
	switch {
	case name == "":
		return "", &fault.Error{Kind: fault.Unauthenticated, Reason: "ACTOR_MISSING",
			Message: "say who acts: set the metadata " + ActorKey}
	case len(name) > 128, !utf8.ValidString(name), strings.ContainsFunc(name, unicode.IsControl):
		return "", &fault.Error{Kind: fault.Unauthenticated, Reason: "ACTOR_INVALID",
			Message: "the metadata " + ActorKey + " must be plain text of at most 128 bytes"}
	}
	return name, nil
}

// mayReveal refuses who is not listed to see what is masked for others.
func (d *Deps) mayReveal(op, by, what string) error {
	if slices.Contains(d.Reveal, by) {
		return nil
	}
	return &fault.Error{Op: op, Kind: fault.Forbidden, Reason: "NOT_PERMITTED",
		Message: fmt.Sprintf("%s may not %s; whoever runs the server can permit it (privacy.reveal)", by,
			what)}
}
