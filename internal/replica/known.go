package replica

import (
	"context"
	"slices"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/gate"
	"github.com/refrain-asr/refrain/number"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/request"
)

// known is what a gate knows. Whoever answers gets a pointer to one, which is replaced and never changed, but for
// its table, which is safe for concurrent use.
type known struct {
	table    *gate.Table
	names    *freeze.Names
	plan     number.Plan
	timeline calls.Timeline
	keys     []access.Key
	// says is what classes say, in Chinese and English.
	says map[string][2]string
	// ruled and keyed tell that it was told the rules and the keys at all.
	ruled, keyed bool
}

func newKnown(names *freeze.Names, plan number.Plan) *known {
	return &known{table: gate.NewNamedTable(names.All), names: names, plan: plan,
		timeline: calls.Timeline{{RuleSet: calls.Default()}}, says: map[string][2]string{}}
}

// builder takes items over into what is known: those of one batch at once, so that who asks meanwhile doesn't
// miss both of two freezes of which one takes the other's place.
type builder struct {
	known known
	// all are the denials behind new rules, nil where there are none: in place of all of before.
	all     map[freeze.MAC][]calls.Denial
	freezes []freeze.Freeze
	// keysChanged tells that the batch has other keys.
	keysChanged bool
}

// add takes an item over. Freezes are seen with the end of the batch.
func (b *builder) add(ctx context.Context, item *pb.FeedItem) (err error) {
	switch m := item.GetItem().(type) {
	case *pb.FeedItem_Freeze:
		f, err := freezeOf(m.Freeze)
		if err != nil {
			return err
		}
		b.freezes = append(b.freezes, f)
	case *pb.FeedItem_Allowance:
		a, err := allowOf(m.Allowance)
		if err != nil {
			return err
		}
		b.known.table.ApplyAllow(a)
	case *pb.FeedItem_Denials:
		return b.deny(m.Denials)
	case *pb.FeedItem_Erased:
		if len(m.Erased.GetName()) == 0 { // what rules deny is told anew
			return nil
		}
		return b.deny(&pb.FeedDenials{Name: m.Erased.GetName()})
	case *pb.FeedItem_Rules:
		return b.rule(ctx, m.Rules)
	case *pb.FeedItem_Keys:
		b.known.keys, err = keysOf(m.Keys)
		b.known.keyed, b.keysChanged = true, true
	case *pb.FeedItem_Classes:
		says := map[string][2]string{}
		for _, c := range m.Classes.GetClasses() {
			says[c.GetId()] = [2]string{c.GetSaysZh(), c.GetSaysEn()}
		}
		b.known.says = says
	default:
		return wrongItem("a kind of item that is not known")
	}
	return err
}

func (b *builder) deny(m *pb.FeedDenials) error {
	name, denials, err := denialsOf(m)
	switch {
	case err != nil:
		return err
	case b.all == nil:
		b.known.table.DenyNamed(name, denials)
	case len(denials) == 0:
		delete(b.all, name)
	default:
		b.all[name] = denials
	}
	return nil
}

func (b *builder) rule(ctx context.Context, m *pb.FeedRules) error {
	versions, err := versionsOf(m)
	if err != nil {
		return err
	}
	rules, err := calls.OpenRules(ctx, ruleStore(versions), nil)
	if err != nil {
		return wrongItem("rules: %v", err)
	}
	b.known.timeline, b.known.ruled = rules.Timeline(), true
	b.all = map[freeze.MAC][]calls.Denial{}
	return nil
}

// flush has freezes seen.
func (b *builder) flush() {
	b.known.table.Apply(b.freezes...)
	b.freezes = nil
}

// end ends a batch, and gives what is known from then on.
func (b *builder) end() *known {
	b.flush()
	if b.all != nil {
		b.known.table.DenyOnly(b.all)
		b.all = nil
	}
	next := b.known
	return &next
}

// ruleStore is a calls.RuleStore of what was told.
type ruleStore []calls.RuleVersion

// History implements calls.RuleStore.
func (s ruleStore) History(context.Context) ([]calls.RuleVersion, error) { return s, nil }

// ByName implements calls.RuleStore.
func (s ruleStore) ByName(_ context.Context, version string) (calls.RuleVersion, error) {
	for _, v := range slices.Backward(s) {
		if v.Version == version {
			return v, nil
		}
	}
	return calls.RuleVersion{}, &fault.Error{Kind: fault.NotFound, Reason: "NOT_FOUND", Subject: "rules/" + version,
		Message: "they were never in force"}
}

// List implements calls.RuleStore; nobody asks a gate for it.
func (s ruleStore) List(context.Context, *request.Cursor, int) ([]calls.RuleVersion, error) {
	return s, nil
}
