package grpcapi

import (
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/keywords"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/review"
)

// timestamp leaves out what is not known.
func timestamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

func each[A, B any](in []A, f func(A) B) []B {
	out := make([]B, len(in))
	for i, a := range in {
		out[i] = f(a)
	}
	return out
}

var channelToProto = map[audio.Channel]pb.Channel{
	audio.Left: pb.Channel_CHANNEL_LEFT, audio.Right: pb.Channel_CHANNEL_RIGHT,
	audio.Mono: pb.Channel_CHANNEL_MONO,
}

var channelFromProto = map[pb.Channel]audio.Channel{
	pb.Channel_CHANNEL_UNSPECIFIED: "",
	pb.Channel_CHANNEL_LEFT:        audio.Left, pb.Channel_CHANNEL_RIGHT: audio.Right,
	pb.Channel_CHANNEL_MONO: audio.Mono,
}

var stateToProto = map[recording.State]pb.Recording_State{
	recording.Queued: pb.Recording_STATE_QUEUED, recording.Running: pb.Recording_STATE_RUNNING,
	recording.Done: pb.Recording_STATE_DONE, recording.Parked: pb.Recording_STATE_PARKED,
}

var stateFromProto = map[pb.Recording_State]recording.State{
	pb.Recording_STATE_UNSPECIFIED: "",
	pb.Recording_STATE_QUEUED:      recording.Queued, pb.Recording_STATE_RUNNING: recording.Running,
	pb.Recording_STATE_DONE: recording.Done, pb.Recording_STATE_PARKED: recording.Parked,
}

func recordingToProto(r recording.Recording) *pb.Recording {
	if r.Erased() && r.SHA256 == "" { // nothing else is left
		name := r.Name()
		if r.ID == "" { // it came after its call was erased
			name = ""
		}
		return &pb.Recording{Name: name, CallId: r.CallID, Part: r.Part, EraseTime: timestamp(r.ErasedAt)}
	}
	out := &pb.Recording{
		Name: r.Name(), CallId: r.CallID, Part: r.Part, MaskedNumber: r.Number.Masked(),
		Agent: r.Agent, Source: r.Source,
		CustomerChannel: channelToProto[r.CustomerChannel], StartTime: timestamp(r.StartedAt),
		AnswerOffset: durationpb.New(r.AnswerOffset),
		Audio:        audioToProto(r.Audio), Defects: defectsToProto(r.Defects()),
		Sha256: r.SHA256, SizeBytes: r.Size, State: stateToProto[r.State],
		Attempts: int32(r.Attempts), Priority: priorityToProto[r.Priority], Line: r.Line,
		CreateTime: timestamp(r.CreatedAt), UpdateTime: timestamp(r.UpdatedAt), Etag: r.ETag(),
		EraseTime: timestamp(r.ErasedAt),
	}
	if r.Problem != nil {
		out.Error = &pb.Problem{Reason: r.Problem.Reason, Message: r.Problem.Message}
	}
	return out
}

var answererToProto = map[keywords.Answerer]pb.Judgement_Answerer{
	keywords.Human:        pb.Judgement_ANSWERER_HUMAN,
	keywords.Announcement: pb.Judgement_ANSWERER_ANNOUNCEMENT,
	keywords.Voicemail:    pb.Judgement_ANSWERER_VOICEMAIL,
	keywords.Assistant:    pb.Judgement_ANSWERER_ASSISTANT,
	keywords.Music:        pb.Judgement_ANSWERER_MUSIC,
	keywords.Nobody:       pb.Judgement_ANSWERER_NOBODY,
}

func judgementToProto(v keywords.Verdict, suspect review.ID) *pb.Judgement {
	j := &pb.Judgement{Suspect: v.Suspect, Score: v.Score, Hits: each(v.Hits, hitToProto),
		Lexicon: v.Lexicon, AnsweredBy: answererToProto[v.AnsweredBy]}
	if suspect != "" {
		j.SuspectName = suspectName(suspect)
	}
	return j
}

func spanToProto(s asr.Span) *pb.Span {
	return &pb.Span{Start: durationpb.New(s.Start), End: durationpb.New(s.End)}
}

func hitToProto(h keywords.Hit) *pb.Hit {
	out := &pb.Hit{
		Class: string(h.Class), Phrase: h.Phrase, Text: h.Text, Start: int32(h.Start),
		End: int32(h.End), Segment: int32(h.Segment),
		Span: spanToProto(h.Time), Match: string(h.Match), Score: h.Score,
		AgentLikeness: h.AgentLikeness, Asked: h.Asked,
	}
	if h.Veto != nil {
		out.Veto = &pb.Veto{Reason: string(h.Veto.Reason), Text: h.Veto.Text}
	}
	return out
}

func transcriptToProto(t asr.Transcript) *pb.Transcript {
	side := pb.Side_SIDE_CUSTOMER
	if t.Side == asr.Agent {
		side = pb.Side_SIDE_AGENT
	}
	return &pb.Transcript{
		Side: side, Segments: each(t.Segments, segmentToProto), Model: t.Settings.Model.Name,
		ModelSha256: t.Settings.Model.SHA256,
		DemoModel:   t.Settings.Model.Demo, Engine: t.Settings.Engine,
		Heard: each(t.Heard, spanToProto),
	}
}

func segmentToProto(s asr.Segment) *pb.Segment {
	return &pb.Segment{
		Span: spanToProto(s.Span), Text: s.Text, Confidence: s.Confidence(),
		MeanLogProb: s.MeanLogProb, NoSpeechProb: s.NoSpeechProb,
		Utterance: spanToProto(s.Utterance), SnrDb: s.SNR, AgentLikeness: s.AgentLikeness,
		Original: s.Original,
		Tokens: each(s.Tokens, func(t asr.Token) *pb.Token {
			return &pb.Token{Span: spanToProto(t.Span), Text: t.Text, Prob: t.Prob}
		}),
	}
}

func suspectName(id review.ID) string { return "suspects/" + string(id) }

func freezeName(id freeze.ID) string {
	if id == "" {
		return ""
	}
	return "freezes/" + string(id)
}

var suspectStateToProto = map[review.State]pb.Suspect_State{
	review.Open: pb.Suspect_STATE_OPEN, review.Claimed: pb.Suspect_STATE_CLAIMED,
	review.Confirmed: pb.Suspect_STATE_CONFIRMED, review.Dismissed: pb.Suspect_STATE_DISMISSED,
}

var suspectStateFromProto = map[pb.Suspect_State]review.State{
	pb.Suspect_STATE_UNSPECIFIED: "",
	pb.Suspect_STATE_OPEN:        review.Open, pb.Suspect_STATE_CLAIMED: review.Claimed,
	pb.Suspect_STATE_CONFIRMED: review.Confirmed, pb.Suspect_STATE_DISMISSED: review.Dismissed,
}

func suspectToProto(s review.Suspect, now time.Time) *pb.Suspect {
	s = s.Shown()
	out := &pb.Suspect{
		Name: suspectName(s.ID), Recording: "recordings/" + s.RecordingID, CallId: s.CallID,
		Part: s.Part, MaskedNumber: s.Number.Masked(),
		Agent: s.Agent, Line: s.Line, State: suspectStateToProto[s.State(now)], Round: int32(s.Round),
		Score: s.Score, Hits: each(s.Hits, hitToProto),
		Lexicon: s.Lexicon, Class: string(s.Class), CreateTime: timestamp(s.CreatedAt),
		UpdateTime: timestamp(s.UpdatedAt), Etag: s.ETag(), FreezeStartTime: timestamp(s.FreezeFrom),
		Blind: s.Blind, CallStartTime: timestamp(s.StartedAt), ShortId: s.ID.Short(),
	}
	if s.Pass != nil {
		out.Pass = &pb.Pass{Reviewer: s.Pass.By, PassTime: timestamp(s.Pass.At), Note: s.Pass.Note}
	}
	if a := s.Appeal; a != nil {
		out.Appeal = &pb.Appeal{Actor: a.By, AppealTime: timestamp(a.At), Reason: a.Reason,
			State: appealToProto[a.State]}
	}
	addSampled(out, s)
	if s.State(now) == review.Claimed {
		out.Claim = &pb.Claim{Reviewer: s.Claim.By, ExpireTime: timestamp(s.Claim.Until)}
	}
	if s.Decision != nil {
		out.Decision = decisionToProto(s.ID, *s.Decision)
	}
	return out
}

var appealToProto = map[review.AppealState]pb.Appeal_State{
	review.AppealOpen: pb.Appeal_STATE_OPEN, review.AppealUpheld: pb.Appeal_STATE_UPHELD,
	review.AppealOverturned: pb.Appeal_STATE_OVERTURNED, review.AppealVoid: pb.Appeal_STATE_VOID,
}

var verdictToProto = map[review.Verdict]pb.Decision_Verdict{
	review.Confirm: pb.Decision_VERDICT_CONFIRMED, review.Dismiss: pb.Decision_VERDICT_DISMISSED,
}

var verdictFromProto = map[pb.Decision_Verdict]review.Verdict{
	pb.Decision_VERDICT_CONFIRMED: review.Confirm, pb.Decision_VERDICT_DISMISSED: review.Dismiss,
}

func decisionToProto(suspect review.ID, d review.Decision) *pb.Decision {
	out := &pb.Decision{
		Name: suspectName(suspect) + "/decisions/" + string(d.ID), Round: int32(d.Round),
		Verdict: verdictToProto[d.Verdict],
		Class:   string(d.Class), Reviewer: d.By, DecideTime: timestamp(d.At), Note: d.Note,
		Freeze: freezeName(d.Freeze), FreezeOverTime: timestamp(d.Over),
		Hits: each(d.Hits, func(h review.HitDecision) *pb.HitDecision {
			return &pb.HitDecision{Hit: int32(h.Hit), Correct: h.Correct}
		}),
	}
	if r := d.Reversal; r != nil {
		out.Reversal = &pb.Reversal{Reviewer: r.By, RevertTime: timestamp(r.At), Reason: r.Reason}
	}
	return out
}

func extensionToProto(e freeze.Extension) *pb.Extension {
	return &pb.Extension{Actor: e.Actor, Reason: e.Note, ExtendTime: timestamp(e.At), PreviousEndTime: timestamp(e.Before),
		EndTime: timestamp(e.Until)}
}

func freezeToProto(f freeze.Freeze, now time.Time) *pb.Freeze {
	out := &pb.Freeze{
		Name: freezeName(f.ID), MaskedNumber: f.Number.Masked(), Reason: string(f.Reason),
		Class: f.Class, StartTime: timestamp(f.From),
		EndTime: timestamp(f.Until), CallId: f.Evidence.CallID, Actor: f.Actor,
		Active: f.Binds(now), Line: f.Line, Rule: f.Rule,
		RuleVersion: f.RuleVersion, CallIds: f.Evidence.Calls, Note: f.Note,
		Release: releaseToProto(f.Release),
	}
	if f.Evidence.SuspectID != "" {
		out.Suspect = "suspects/" + f.Evidence.SuspectID
	}
	if f.Evidence.RecordingID != "" {
		out.Recording = "recordings/" + f.Evidence.RecordingID
	}
	return out
}
