package grpcapi

import (
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/rejudge"
	"github.com/refrain-asr/refrain/review"
)

var suspectsFromProto = map[pb.RunSelection_SuspectState]rejudge.Suspects{
	pb.RunSelection_SUSPECT_STATE_UNSPECIFIED: "",
	pb.RunSelection_SUSPECT_STATE_NONE:        rejudge.None,
	pb.RunSelection_SUSPECT_STATE_UNDECIDED:   rejudge.Undecided,
	pb.RunSelection_SUSPECT_STATE_CONFIRMED:   rejudge.Confirmed,
	pb.RunSelection_SUSPECT_STATE_DISMISSED:   rejudge.Dismissed,
}

var suspectsToProto = inverse(suspectsFromProto)

var runStateToProto = map[rejudge.State]pb.Run_State{
	rejudge.Queued: pb.Run_STATE_QUEUED, rejudge.Running: pb.Run_STATE_RUNNING,
	rejudge.Paused: pb.Run_STATE_PAUSED, rejudge.Opening: pb.Run_STATE_OPENING,
	rejudge.Done: pb.Run_STATE_DONE, rejudge.Cancelled: pb.Run_STATE_CANCELLED,
	rejudge.Failed: pb.Run_STATE_FAILED,
}

var changeKindFromProto = map[pb.RunChange_Kind]rejudge.Kind{
	pb.RunChange_KIND_UNSPECIFIED: "",
	pb.RunChange_KIND_GAINED:      rejudge.Gained,
	pb.RunChange_KIND_LOST:        rejudge.Lost,
	pb.RunChange_KIND_CLASS:       rejudge.OtherClass,
	pb.RunChange_KIND_FAILED:      rejudge.Unreadable,
}

var changeKindToProto = inverse(changeKindFromProto)

var fateFromProto = map[pb.RunChange_Fate]rejudge.Fate{
	pb.RunChange_FATE_UNSPECIFIED: "",
	pb.RunChange_FATE_REPORTED:    rejudge.Reported,
	pb.RunChange_FATE_APPLIED:     rejudge.Applied,
	pb.RunChange_FATE_WAITING:     rejudge.Waiting,
	pb.RunChange_FATE_KEPT:        rejudge.Kept,
	pb.RunChange_FATE_OUTDATED:    rejudge.Outdated,
	pb.RunChange_FATE_DROPPED:     rejudge.Dropped,
}

var fateToProto = inverse(fateFromProto)

func runToProto(r rejudge.Run) *pb.Run {
	s := r.Selection
	return &pb.Run{
		Name: r.Name(), State: runStateToProto[r.State], Apply: r.Apply, Speech: r.Speech,
		Selection: &pb.RunSelection{
			StartTime: timestamp(s.Since), EndTime: timestamp(s.Until), Agent: s.Agent, Line: s.Line,
			Source: s.Source, Class: string(s.Class), Lexicon: s.Lexicon,
			SuspectState: suspectsToProto[s.Suspect],
		},
		MaxSuspectsPerDay: int32(r.PerDay), Lexicon: r.Lexicon, Actor: r.Actor, Problem: r.Problem,
		Trial: r.Trial, Total: int64(r.Total), Done: int64(r.Done), Tally: tallyToProto(r.Tally),
		CreateTime: timestamp(r.CreatedAt), StartTime: timestamp(r.StartedAt),
		EndTime: timestamp(r.EndedAt), UpdateTime: timestamp(r.UpdatedAt), Etag: r.ETag(),
	}
}

func tallyToProto(t rejudge.Tally) *pb.RunTally {
	out := &pb.RunTally{
		SuspectsBefore: int64(t.SuspectsBefore), Suspects: int64(t.Suspects), Gained: int64(t.Gained),
		Lost: int64(t.Lost), OtherClass: int64(t.OtherClass), Rescored: int64(t.Rescored),
		Failed: int64(t.Failed), Applied: int64(t.Applied), Opened: int64(t.Opened),
		Waiting: int64(t.Waiting), Decided: int64(t.Decided), Outdated: int64(t.Outdated),
		Classes:  make(map[string]*pb.RunClassTally, len(t.ByClass)),
		Reviewed: reviewedToProto(t.Reviewed),
	}
	for class, n := range t.ByClass {
		out.Classes[class] = &pb.RunClassTally{Gained: int64(n.Gained), Lost: int64(n.Lost)}
	}
	return out
}

func reviewedToProto(r rejudge.Reviewed) *pb.RunReviewed {
	return &pb.RunReviewed{
		Confirmed: int64(r.Confirmed), ConfirmedLost: int64(r.ConfirmedLost), ConfirmedGained: int64(r.ConfirmedGained),
		Dismissed: int64(r.Dismissed), DismissedLost: int64(r.DismissedLost), DismissedGained: int64(r.DismissedGained),
		Refusals: int64(r.Refusals), RefusalsFound: int64(r.Found),
		Others: int64(r.Others), OthersRaised: int64(r.Raised),
	}
}

var decidedToProto = map[review.Verdict]pb.RunChange_Decision{
	review.Confirm: pb.RunChange_DECISION_CONFIRMED, review.Dismiss: pb.RunChange_DECISION_DISMISSED,
}

// previewedToProto is a change that nothing comes of.
func previewedToProto(o rejudge.Outcome) *pb.RunChange {
	return changeToProto(rejudge.Change{Recording: o.ID(), CallID: o.Of.CallID, Part: o.Of.Part, Number: o.Of.Number,
		Called: o.Of.Called, Kind: o.Kind, Fate: rejudge.Reported, Class: o.Class, ClassBefore: o.ClassBefore,
		Score: o.Verdict.Score, ScoreBefore: o.Before.Score, Text: o.Text, Suspect: o.Suspect, Decided: o.Decided})
}

func changeToProto(x rejudge.Change) *pb.RunChange {
	out := &pb.RunChange{
		Recording: recording.Recording{ID: x.Recording}.Name(), CallId: x.CallID, Part: x.Part,
		MaskedNumber: x.Number.Masked(), CallTime: timestamp(x.Called),
		Kind: changeKindToProto[x.Kind], Fate: fateToProto[x.Fate], Class: string(x.Class),
		Score: x.Score, ClassBefore: string(x.ClassBefore), ScoreBefore: x.ScoreBefore, Text: x.Text,
		OpenTime: timestamp(x.OpenedAt), Decision: decidedToProto[x.Decided],
	}
	if x.Suspect != "" {
		out.Suspect = suspectName(x.Suspect)
	}
	return out
}
