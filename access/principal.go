package access

import (
	"context"
	"slices"
)

// Kind is how somebody was recognised.
type Kind string

// The kinds.
const (
	// ByKey is a program with a key; ByPerson is somebody who signed in.
	ByKey    Kind = "key"
	ByPerson Kind = "person"
	// Local is whoever asks from this machine while there is neither a key nor anybody who signs in yet,
	// and whoever comes by the admin socket.
	Local Kind = "local"
)

// Principal is who is asking.
type Principal struct {
	Kind Kind
	// ID and Name are the key's or the person's; the name of a Local is "".
	ID, Name string
	Role     Role
	// Lines are those that he may ask about; none for all.
	Lines []string
	// ActsForOthers tells that an actor whom he names is believed.
	ActsForOthers bool
	// Reveals tells that he may see numbers in full and take audio away.
	Reveals bool
	// Actor is who acts: whom he named, where that is believed, and else himself. It is "" where a
	// Local named nobody.
	Actor string
	// From is where the request came from.
	From string
}

// Who names him in messages.
func (p Principal) Who() string {
	switch p.Kind {
	case ByKey:
		return "the key " + p.Name
	case ByPerson:
		return p.Name
	case Local:
	}
	return "whoever asks from this machine"
}

// MayUse tells whether he may ask about a line.
func (p Principal) MayUse(line string) bool {
	return len(p.Lines) == 0 || slices.Contains(p.Lines, line)
}

// Masked tells that he gets names of calls, agents and lines masked where numbers stand in them: whoever may not
// see numbers in full, but for programs that tell the server of calls, which know them.
func (p Principal) Masked() bool {
	switch p.Role {
	case Reviewer, Analyst, Agent, Monitor:
		return !p.Reveals
	case Recorder, Dialler, Supervisor, Auditor, Gate, Admin:
	}
	return false
}

type principalKey struct{}

// With notes who is asking.
func With(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// Of is who is asking; ok is false where With was not called.
func Of(ctx context.Context) (p Principal, ok bool) {
	p, ok = ctx.Value(principalKey{}).(Principal)
	return p, ok
}
