package access

import (
	"slices"

	"github.com/refrain-asr/refrain/audit"
)

// Scope is how a request tells which line it is about, for keys that are for some lines only.
type Scope int

const (
	// AllLines are what requests are about that can't be bounded to a line: a key for some lines may
	// not make them.
	AllLines Scope = iota
	// NoLine are requests that tell nothing of any line.
	NoLine
	// LineField are requests with a line: it must be one of the key's. Where the key is for one line
	// only, an empty field means that one.
	LineField
	// LineOfName are requests that name a call, a recording or a suspect: its line must be one of the
	// key's.
	LineOfName
)

// Rule says who may make a request.
type Rule struct {
	// Open requests need no key.
	Open bool
	// Roles are those that may make it. Admin is always one of them.
	Roles []Role
	Scope Scope
	// Audit is the action under which it is recorded that somebody did, "" where it is not: asking,
	// reporting and uploading are what the server is for, and are in its data.
	Audit audit.Action
	// Reveals tells that it may be made besides by whoever may see numbers in full (Principal.Reveals),
	// whatever his role.
	Reveals bool
	// Via is the RPC that an HTTP route goes through, whose rule holds; "" where it goes through none.
	Via string
}

// Allows tells whether a role may make the request.
func (r Rule) Allows(role Role) bool {
	return role == Admin || slices.Contains(r.Roles, role)
}

// MayReveal tells whether a role may see numbers in full and take audio away: each time with a reason,
// and recorded.
func MayReveal(role Role) bool { return slices.Contains(revealers, role) }

var revealers = []Role{Supervisor, Auditor, Admin}

// permits tells whether p may make the request.
func (r Rule) permits(p Principal) bool { return r.Allows(p.Role) || r.Reveals && p.Reveals }

// RuleOf is the rule of an RPC by its full name, such as refrain.v1.GateService/CheckNumber. ok is
// false where there is none: then nobody may call it.
func RuleOf(rpc string) (r Rule, ok bool) { r, ok = rpcs[rpc]; return r, ok }

// RouteOf is the rule of an HTTP route by its pattern, such as "GET /metrics".
func RouteOf(pattern string) (r Rule, ok bool) { r, ok = routes[pattern]; return r, ok }

// RPCs are the names of all RPCs that have a rule.
func RPCs() []string { return sortedKeys(rpcs) }

// Routes are the patterns of all HTTP routes that have a rule.
func Routes() []string { return sortedKeys(routes) }

func sortedKeys(m map[string]Rule) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
