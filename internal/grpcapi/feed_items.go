package grpcapi

import (
	"context"
	"slices"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/gate"
	"github.com/refrain-asr/refrain/number"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// freeze is what a gate is told of a freeze; nil where that is of another line than the gate's.
func (f *following) freeze(x freeze.Freeze) *pb.FeedItem {
	if x.Line != "" && !f.who.MayUse(x.Line) {
		return nil
	}
	out := &pb.FeedFreeze{Id: string(x.ID), Name: f.nameOf(x.Number, x.NumberMAC), Reason: string(x.Reason),
		Class: x.Class, Line: x.Line, Rule: x.Rule, RuleVersion: x.RuleVersion, From: timestamppb.New(x.From),
		Until: timestamp(x.Until), Sequence: x.Seq}
	if x.Release != nil {
		out.ReleaseTime, out.ReleaseSequence = timestamppb.New(x.Release.At), x.Release.Seq
	}
	return &pb.FeedItem{Item: &pb.FeedItem_Freeze{Freeze: out}}
}

func (f *following) allowance(a freeze.Allow) *pb.FeedItem {
	out := &pb.FeedAllowance{Id: string(a.ID), Name: f.nameOf(a.Number, a.NumberMAC), From: timestamppb.New(a.From),
		Until: timestamp(a.Until), Sequence: a.Seq}
	if a.Ended != nil {
		out.EndTime, out.EndSequence = timestamppb.New(a.Ended.At), a.Ended.Seq
	}
	return &pb.FeedItem{Item: &pb.FeedItem_Allowance{Allowance: out}}
}

// nameOf is the name by which the ledger knows a number, of whichever generation.
func (f *following) nameOf(n number.Number, name freeze.MAC) []byte {
	if name == (freeze.MAC{}) {
		name = f.Feed.Names.Of(n)
	}
	return name[:]
}

// denials is what rules deny of a number now.
func (f *following) denials(n number.Number) *pb.FeedItem {
	name := f.Feed.Names.Of(n)
	out := &pb.FeedDenials{Name: name[:]}
	for _, d := range f.Feed.Denied.Denials(n) {
		out.Denials = append(out.Denials, denialToFeed(d))
	}
	return &pb.FeedItem{Item: &pb.FeedItem_Denials{Denials: out}}
}

func denialToFeed(d calls.Denial) *pb.FeedDenial {
	return &pb.FeedDenial{Rule: d.Rule, Version: d.Version, Agent: d.Agent, Count: int32(d.Count),
		Limit: int32(d.Limit), From: timestamppb.New(d.From), Until: timestamp(d.Until), Window: d.Window}
}

// keys are those with which a gate is asked: of diallers, and of who runs or watches it.
func (f *following) keys(ctx context.Context) (*pb.FeedItem, error) {
	all, err := f.KeyList.Keys(ctx)
	if err != nil {
		return nil, err
	}
	out := &pb.FeedKeys{}
	for _, k := range all {
		if lines, ok := f.atGate(k); ok {
			out.Keys = append(out.Keys, keyToFeed(k, lines))
		}
	}
	return &pb.FeedItem{Item: &pb.FeedItem_Keys{Keys: out}}, nil
}

// atGate tells whether a key is any use at the gate, and for which lines.
func (f *following) atGate(k access.Key) (lines []string, ok bool) {
	reserve, _ := access.RuleOf("refrain.v1.GateService/ReserveCall")
	watch, _ := access.RouteOf("GET /metrics")
	if k.Role == access.Gate || !reserve.Allows(k.Role) && !watch.Allows(k.Role) {
		return nil, false
	}
	switch {
	case len(f.lines) == 0:
		return k.Lines, true
	case len(k.Lines) == 0: // the gate knows nothing of other lines
		return f.lines, true
	}
	lines = slices.DeleteFunc(slices.Clone(k.Lines), func(l string) bool { return !slices.Contains(f.lines, l) })
	return lines, len(lines) > 0
}

func keyToFeed(k access.Key, lines []string) *pb.FeedKey {
	out := &pb.FeedKey{Id: k.ID, Name: k.Name, Role: roleToProto[k.Role], Lines: lines,
		ActsForOthers: k.ActsForOthers, ExpireTime: timestamp(k.ExpiresAt), RevokeTime: timestamp(k.RevokedAt)}
	for _, s := range k.Secrets {
		out.Secrets = append(out.Secrets, &pb.FeedSecret{Prefix: s.Prefix, Hash: s.Hash[:], EndTime: timestamp(s.EndsAt)})
	}
	return out
}

// classes are what classes say by the lexicon in force; nil where the gate was told.
func (f *following) classes() *pb.FeedItem {
	lex := f.Lexicons.Active().Lexicon()
	if f.lexicon == lex.ID() {
		return nil
	}
	f.lexicon = lex.ID()
	out := &pb.FeedClasses{}
	for _, c := range lex.Classes {
		out.Classes = append(out.Classes, &pb.FeedClass{Id: c.ID, SaysZh: lex.Says(c.ID, string(gate.Chinese)),
			SaysEn: lex.Says(c.ID, string(gate.English))})
	}
	return &pb.FeedItem{Item: &pb.FeedItem_Classes{Classes: out}}
}
