package grpcapi

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/fault"
)

// ActorKey is the metadata key that says who acts. Metadata can only hold ASCII, so
// other characters come percent-encoded in UTF-8 (%E6%9D%8E for 李), and so does a
// percent sign. It is believed only from keys that may act for others, and where no key is needed.
const ActorKey = "refrain-actor"

// actor is who acts, for methods that need to know.
func actor(ctx context.Context) (string, error) {
	if p, ok := access.Of(ctx); ok && p.Actor != "" {
		return p.Actor, nil
	}
	name, err := named(ctx)
	if name == "" && err == nil {
		err = &fault.Error{Kind: fault.Unauthenticated, Reason: "ACTOR_MISSING",
			Message: "say who acts: set the metadata " + ActorKey}
	}
	return name, err
}

// named is whom a request names as acting, "" for nobody.
func named(ctx context.Context) (string, error) { return parseActor(one(ctx, ActorKey)) }

func parseActor(value string) (string, error) {
	name := strings.TrimSpace(value)
	if plain, err := url.PathUnescape(name); err == nil {
		name = plain
	}
	if len(name) > 128 || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return "", &fault.Error{Kind: fault.Unauthenticated, Reason: "ACTOR_INVALID",
			Message: "the metadata " + ActorKey + " must be plain text of at most 128 bytes"}
	}
	return name, nil
}

// mayReveal refuses who may not see what is masked for others. A reason is needed each time.
func mayReveal(ctx context.Context, op, field, reason string) error {
	p, _ := access.Of(ctx)
	if !p.Reveals {
		who := p.Actor
		if who == "" {
			who = "whoever names no actor"
		}
		return &fault.Error{Op: op, Kind: fault.Forbidden, Reason: "NOT_PERMITTED",
			Message: fmt.Sprintf("%s may not see numbers in full or take audio along; that takes a key of a "+
				"supervisor, an auditor or an admin, or whoever runs the server can permit it "+
				"(privacy.reveal)", who)}
	}
	return checkRevealReason(op, field, reason)
}

// checkRevealReason wants to know why numbers are needed in full.
func checkRevealReason(op, field, reason string) error {
	if strings.TrimSpace(reason) == "" || utf8.RuneCountInString(reason) > maxRevealReason {
		var wrong fault.Fields
		wrong.Add(field, "must say in at most %d characters why numbers are needed in full: it is recorded",
			maxRevealReason)
		return wrong.Err(op)
	}
	return nil
}

// maxRevealReason is the longest reason for a reveal, in characters.
const maxRevealReason = 500
