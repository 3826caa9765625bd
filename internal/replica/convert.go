package replica

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// errItem is what every item is refused with that can't be understood.
var errItem = errors.New("what the server tells can't be understood; is it a Refrain of another version?")

func wrongItem(format string, args ...any) error {
	return fmt.Errorf("%w (%s)", errItem, fmt.Sprintf(format, args...))
}

func nameOf(b []byte) (name freeze.MAC, err error) {
	if len(b) != len(name) {
		return name, wrongItem("a name of %d bytes", len(b))
	}
	copy(name[:], b)
	if name == (freeze.MAC{}) {
		return name, wrongItem("a name that is none")
	}
	return name, nil
}

// timeOf is a time, the zero one where there is none.
func timeOf(t *timestamppb.Timestamp) (time.Time, error) {
	if t == nil {
		return time.Time{}, nil
	}
	if t.CheckValid() != nil {
		return time.Time{}, wrongItem("a time that is none")
	}
	return t.AsTime(), nil
}

// timesOf reads several.
func timesOf(into map[*time.Time]*timestamppb.Timestamp) (err error) {
	for to, t := range into {
		if *to, err = timeOf(t); err != nil {
			return err
		}
	}
	return nil
}

func freezeOf(m *pb.FeedFreeze) (f freeze.Freeze, err error) {
	f = freeze.Freeze{ID: freeze.ID(m.GetId()), Reason: freeze.Reason(m.GetReason()), Class: m.GetClass(),
		Line: m.GetLine(), Rule: m.GetRule(), RuleVersion: m.GetRuleVersion(), Seq: m.GetSequence(),
		OpenedSeq: m.GetSequence()}
	if f.ID == "" || f.Seq <= 0 || m.GetFrom() == nil {
		return f, wrongItem("a freeze without an id, a place or a time")
	}
	if f.NumberMAC, err = nameOf(m.GetName()); err != nil {
		return f, err
	}
	var released time.Time
	err = timesOf(map[*time.Time]*timestamppb.Timestamp{&f.From: m.GetFrom(), &f.Until: m.GetUntil(),
		&released: m.GetReleaseTime()})
	if err == nil && m.GetReleaseTime() != nil {
		f.Release = &freeze.Release{At: released, Seq: m.GetReleaseSequence()}
	}
	return f, err
}

func allowOf(m *pb.FeedAllowance) (a freeze.Allow, err error) {
	a = freeze.Allow{ID: freeze.AllowID(m.GetId()), Seq: m.GetSequence()}
	if a.ID == "" || a.Seq <= 0 || m.GetFrom() == nil || m.GetUntil() == nil {
		return a, wrongItem("an allowance without an id, a place or a time")
	}
	if a.NumberMAC, err = nameOf(m.GetName()); err != nil {
		return a, err
	}
	var ended time.Time
	err = timesOf(map[*time.Time]*timestamppb.Timestamp{&a.From: m.GetFrom(), &a.Until: m.GetUntil(),
		&ended: m.GetEndTime()})
	if err == nil && m.GetEndTime() != nil {
		a.Ended = &freeze.Release{At: ended, Seq: m.GetEndSequence()}
	}
	return a, err
}

func denialsOf(m *pb.FeedDenials) (name freeze.MAC, denials []calls.Denial, err error) {
	if name, err = nameOf(m.GetName()); err != nil {
		return name, nil, err
	}
	for _, d := range m.GetDenials() {
		x := calls.Denial{Rule: d.GetRule(), Version: d.GetVersion(), Agent: d.GetAgent(), Count: int(d.GetCount()),
			Limit: int(d.GetLimit()), Window: d.GetWindow()}
		if d.GetFrom() == nil || d.GetUntil() == nil {
			return name, nil, wrongItem("a denial without a time")
		}
		err = timesOf(map[*time.Time]*timestamppb.Timestamp{&x.From: d.GetFrom(), &x.Until: d.GetUntil()})
		if err != nil {
			return name, nil, err
		}
		denials = append(denials, x)
	}
	return name, denials, nil
}

func keysOf(m *pb.FeedKeys) (keys []access.Key, err error) {
	for _, k := range m.GetKeys() {
		x := access.Key{ID: k.GetId(), Name: k.GetName(), Lines: k.GetLines(), ActsForOthers: k.GetActsForOthers()}
		name := strings.ToLower(strings.TrimPrefix(k.GetRole().String(), "ROLE_"))
		if x.Role, err = access.ParseRole(name); err != nil || x.ID == "" || x.Name == "" {
			return nil, wrongItem("a key without an id, a name or a role")
		}
		err = timesOf(map[*time.Time]*timestamppb.Timestamp{&x.ExpiresAt: k.GetExpireTime(), &x.RevokedAt: k.GetRevokeTime()})
		if err != nil {
			return nil, err
		}
		for _, s := range k.GetSecrets() {
			secret := access.Secret{Prefix: s.GetPrefix()}
			if len(s.GetHash()) != len(secret.Hash) {
				return nil, wrongItem("a hash of %d bytes", len(s.GetHash()))
			}
			copy(secret.Hash[:], s.GetHash())
			if secret.EndsAt, err = timeOf(s.GetEndTime()); err != nil {
				return nil, err
			}
			x.Secrets = append(x.Secrets, secret)
		}
		keys = append(keys, x)
	}
	return keys, nil
}

func versionsOf(m *pb.FeedRules) (versions []calls.RuleVersion, err error) {
	for _, v := range m.GetVersions() {
		x := calls.RuleVersion{ID: v.GetId(), Version: v.GetVersion(), Source: v.GetSource(), Actor: v.GetActor()}
		if x.At, err = timeOf(v.GetActivateTime()); err != nil {
			return nil, err
		}
		versions = append(versions, x)
	}
	return versions, nil
}

// planOf is how numbers are dialled at the server.
func planOf(m *pb.NumberPlan) (number.Plan, error) {
	p := number.Plan{Region: m.GetRegion(), Prefixes: m.GetPrefixes()}
	for _, text := range m.GetVirtual() {
		r, err := number.ParseRange(text, p.Region)
		if err != nil {
			return p, wrongItem("a range of numbers: %v", err)
		}
		p.Virtual = append(p.Virtual, r)
	}
	return p, nil
}
