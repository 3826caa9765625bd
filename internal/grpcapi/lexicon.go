package grpcapi

import (
	"cmp"
	"context"
	"fmt"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/keywords/lexicon"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/rejudge"
)

type lexiconServer struct {
	pb.UnimplementedLexiconServiceServer
	Deps
	pages pager
}

// maxSource is the longest lexicon that a request may hold, in bytes.
const maxSource = 1 << 20

// Limits of TestLexicon.
const (
	maxTurns    = 1000
	maxTurnText = 10_000 // bytes
)

// GetLexicon implements the API.
func (s *lexiconServer) GetLexicon(
	ctx context.Context, req *pb.GetLexiconRequest,
) (*pb.GetLexiconResponse, error) {
	lex, a, err := s.Lexicons.Version(ctx, req.GetVersion())
	if err != nil {
		return nil, err
	}
	resp := &pb.GetLexiconResponse{Lexicon: s.toProto(lex, a)}
	if req.GetWithoutSource() {
		resp.Lexicon.Source = ""
	}
	return resp, nil
}

func (s *lexiconServer) toProto(lex *lexicon.Lexicon, a keywords.Activation) *pb.Lexicon {
	return &pb.Lexicon{
		Version: lex.ID(), Source: string(lex.Source()),
		Active:       lex.ID() == s.Lexicons.Active().Lexicon().ID(),
		ActivateTime: timestamp(a.At), Actor: a.Actor, Classes: each(lex.Classes, classToProto),
	}
}

func classToProto(c lexicon.Class) *pb.LexiconClass {
	out := &pb.LexiconClass{Id: c.ID, Label: c.Label, Phrases: int32(len(c.Phrases))}
	if c.Period > 0 {
		out.Period = durationpb.New(c.Period)
	}
	return out
}

// ListLexicons implements the API.
func (s *lexiconServer) ListLexicons(
	ctx context.Context, req *pb.ListLexiconsRequest,
) (*pb.ListLexiconsResponse, error) {
	var wrong fault.Fields
	size := pageSize(req.GetPageSize(), &wrong)
	const filter = "lexicons"
	after := s.pages.parse(filter, req.GetPageToken(), &wrong)
	if err := wrong.Err("lexicon.List"); err != nil {
		return nil, err
	}
	var before keywords.Activation
	if after != nil {
		before = keywords.Activation{At: after.at, ID: after.id}
	}
	list, err := s.Lexicons.Before(ctx, before, size+1)
	if err != nil {
		return nil, err
	}
	list, next := cut(list, size, func(a keywords.Activation) string {
		return s.pages.token(filter, cursor{a.At, a.ID})
	})
	// Only the last activation is in force, also where its version was in force before.
	active := ""
	if after == nil {
		active = s.Lexicons.Active().Lexicon().ID()
	}
	return &pb.ListLexiconsResponse{NextPageToken: next,
		Lexicons: each(list, func(a keywords.Activation) *pb.Lexicon {
			out := &pb.Lexicon{Version: a.Version, ActivateTime: timestamp(a.At), Actor: a.Actor,
				Active: a.Version == active}
			if out.Active {
				active = ""
			}
			return out
		})}, nil
}

// CheckLexicon implements the API.
func (s *lexiconServer) CheckLexicon(
	_ context.Context, req *pb.CheckLexiconRequest,
) (*pb.CheckLexiconResponse, error) {
	if err := checkSource(req.GetSource()); err != nil {
		return &pb.CheckLexiconResponse{Problems: each(lexicon.Errors(err), problemToProto)}, nil
	}
	lex, wrong, hints := keywords.Check([]byte(req.GetSource()))
	resp := &pb.CheckLexiconResponse{Problems: each(wrong, problemToProto),
		Hints: each(hints, problemToProto)}
	if lex != nil {
		resp.Lexicon = s.toProto(lex, keywords.Activation{})
		resp.Lexicon.Source = ""
	}
	return resp, nil
}

func problemToProto(p lexicon.Error) *pb.LexiconProblem {
	return &pb.LexiconProblem{Line: int32(p.Line), Message: p.What}
}

func checkSource(source string) error {
	if len(source) > maxSource {
		return fmt.Errorf("it has %d bytes; the most is %d", len(source), maxSource)
	}
	return nil
}

// parseLexicon makes a judge of a lexicon that came in a field of a request.
func (d *Deps) parseLexicon(op, field, source string) (*lexicon.Lexicon, *keywords.Judge, error) {
	var lex *lexicon.Lexicon
	var judge *keywords.Judge
	err := checkSource(source)
	if err == nil {
		lex, err = lexicon.Parse([]byte(source))
	}
	if err == nil {
		judge, err = d.Lexicons.New(lex)
	}
	if err == nil {
		return lex, judge, nil
	}
	var wrong fault.Fields
	for _, p := range lexicon.Errors(err) {
		wrong.Add(field, "line %d: %s", p.Line, p.What)
	}
	return nil, nil, wrong.Err(op)
}

// TestLexicon implements the API.
func (s *lexiconServer) TestLexicon(
	_ context.Context, req *pb.TestLexiconRequest,
) (*pb.TestLexiconResponse, error) {
	const op = "lexicon.Test"
	judge := s.Lexicons.Active()
	if req.GetSource() != "" {
		var err error
		if _, judge, err = s.parseLexicon(op, "source", req.GetSource()); err != nil {
			return nil, err
		}
	}
	turns, err := dialogue(op, req)
	if err != nil {
		return nil, err
	}
	v := judge.Dialogue(turns, req.GetAnswerOffset().AsDuration())
	out := &pb.TestLexiconResponse{Suspect: v.Suspect, Score: v.Score,
		Hits: each(v.Hits, hitToProto), Lexicon: v.Lexicon}
	for _, t := range turns {
		if t.Side == asr.Customer {
			out.Explanations = append(out.Explanations, judge.Explain(t.Text).String())
		}
	}
	return out, nil
}

// dialogue reads what was said.
func dialogue(op string, req *pb.TestLexiconRequest) (turns []keywords.Turn, err error) {
	var wrong fault.Fields
	if n := len(req.GetTurns()); n == 0 || n > maxTurns {
		wrong.Add("turns", "has %d; give 1 to %d", n, maxTurns)
	}
	if o := req.GetAnswerOffset(); o != nil && (o.CheckValid() != nil || o.AsDuration() < 0) {
		wrong.Add("answer_offset", "is no valid duration from 0 on")
	}
	for i, t := range req.GetTurns() {
		span := asr.Span{Start: t.GetSpan().GetStart().AsDuration(),
			End: t.GetSpan().GetEnd().AsDuration()}
		if len(t.GetText()) > maxTurnText || span.Start < 0 || span.End < span.Start {
			wrong.Add(fmt.Sprintf("turns[%d]", i), "is longer than %d bytes, or its span is not "+
				"a stretch of time", maxTurnText)
		}
		side := asr.Customer
		if t.GetSide() == pb.Side_SIDE_AGENT {
			side = asr.Agent
		}
		turns = append(turns, keywords.Turn{Side: side, Text: t.GetText(), Time: span})
	}
	return turns, wrong.Err(op)
}

// usualPreview is how many recordings are judged where a request doesn't say.
const usualPreview = 200

// PreviewLexicon implements the API.
func (s *lexiconServer) PreviewLexicon(
	ctx context.Context, req *pb.PreviewLexiconRequest,
) (*pb.PreviewLexiconResponse, error) {
	const op = "lexicon.Preview"
	var wrong fault.Fields
	if req.GetSource() == "" {
		wrong.Add("source", "is missing; give the lexicon to try, in YAML")
	}
	if req.GetCount() < 0 {
		wrong.Add("count", "is %d; it must be 1 to %d, or 0 for %d", req.GetCount(), rejudge.MaxPreview, usualPreview)
	}
	if err := wrong.Err(op); err != nil {
		return nil, err
	}
	lex, judge, err := s.parseLexicon(op, "source", req.GetSource())
	if err != nil {
		return nil, err
	}
	count := min(cmp.Or(int(req.GetCount()), usualPreview), rejudge.MaxPreview)
	p, err := s.Rejudge.Preview(ctx, rejudge.Selection{Line: req.GetLine()}, judge, count)
	if err != nil {
		return nil, err
	}
	return &pb.PreviewLexiconResponse{Count: int32(p.Count), Tally: tallyToProto(p.Tally),
		Changes: each(p.Changes, previewedToProto), Lexicon: lex.ID(),
		LexiconBefore: s.Lexicons.Active().Lexicon().ID()}, nil
}

// ActivateLexicon implements the API.
func (s *lexiconServer) ActivateLexicon(
	ctx context.Context, req *pb.ActivateLexiconRequest,
) (*pb.ActivateLexiconResponse, error) {
	const op = "lexicon.Activate"
	by, err := actor(ctx)
	if err != nil {
		return nil, err
	}
	var wrong fault.Fields
	checkRequestID(req.GetRequestId(), &wrong)
	if req.GetLexicon() == nil {
		wrong.Add("lexicon", "is missing; give a source or an earlier version")
	}
	if err := wrong.Err(op); err != nil {
		return nil, err
	}
	var lex *lexicon.Lexicon
	if v := req.GetVersion(); v != "" {
		lex, _, err = s.Lexicons.Version(ctx, v)
	} else {
		lex, _, err = s.parseLexicon(op, "source", req.GetSource())
	}
	if err != nil {
		return nil, err
	}
	a, err := s.Lexicons.Activate(ctx, lex, by, s.request(ctx, "ActivateLexicon", req))
	if err != nil {
		return nil, err
	}
	return &pb.ActivateLexiconResponse{Lexicon: s.toProto(lex, a)}, nil
}
