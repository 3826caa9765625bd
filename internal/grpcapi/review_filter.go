package grpcapi

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"math"
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/keywords"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/request"
	"github.com/refrain-asr/refrain/review"
)

// choosing is a request that says of which suspects it is.
type choosing interface {
	choosingCalls
	choosingScores
	choosingTimes
}

type choosingCalls interface {
	GetClass() string
	GetLine() string
	GetAgent() string
	GetPassed() bool
}

type choosingScores interface {
	GetMinScore() float64
	GetMaxScore() float64
}

type choosingTimes interface {
	GetStartCreateTime() *timestamppb.Timestamp
	GetEndCreateTime() *timestamppb.Timestamp
	GetStartCallTime() *timestamppb.Timestamp
	GetEndCallTime() *timestamppb.Timestamp
}

// choosingState is one that also asks for a state.
type choosingState interface {
	choosing
	choosingDecisions
	GetState() pb.Suspect_State
	GetMine() bool
}

type choosingDecisions interface {
	GetDisputed() bool
	GetStartDecideTime() *timestamppb.Timestamp
	GetEndDecideTime() *timestamppb.Timestamp
}

// chosen reads of which suspects a request is.
func (d *Deps) chosen(ctx context.Context, req choosing, wrong *fault.Fields) review.Filter {
	p, _ := access.Of(ctx)
	f := review.Filter{Now: d.Now(), Class: keywords.Class(req.GetClass()), Line: req.GetLine(), Lines: p.Lines,
		Agent: req.GetAgent(), MinScore: req.GetMinScore(), MaxScore: req.GetMaxScore(), Passed: req.GetPassed(),
		Created: review.Span{From: optionalTime("start_create_time", req.GetStartCreateTime(), wrong),
			Until: optionalTime("end_create_time", req.GetEndCreateTime(), wrong)},
		Called: review.Span{From: optionalTime("start_call_time", req.GetStartCallTime(), wrong),
			Until: optionalTime("end_call_time", req.GetEndCallTime(), wrong)}}
	f.For, _ = actor(ctx) // nobody needs a name to look
	for name, score := range map[string]float64{"min_score": f.MinScore, "max_score": f.MaxScore} {
		if !(score >= 0 && score <= 1) { // which is not a number, either
			wrong.Add(name, "is %g; scores are from 0 to 1", score)
		}
	}
	if f.MaxScore > 0 && f.MinScore > f.MaxScore {
		wrong.Add("min_score", "is %g, which is above max_score (%g)", f.MinScore, f.MaxScore)
	}
	return f
}

// chosenState is chosen for what also asks for a state.
func (d *Deps) chosenState(
	ctx context.Context, req choosingState, wrong *fault.Fields,
) (f review.Filter, err error) {
	f = d.chosen(ctx, req, wrong)
	state, ok := suspectStateFromProto[req.GetState()]
	if !ok {
		wrong.Add("state", "is %d, which is no state", req.GetState())
	}
	f.State, f.Disputed, f.Mine = state, req.GetDisputed(), req.GetMine()
	f.DecidedAt = review.Span{From: optionalTime("start_decide_time", req.GetStartDecideTime(), wrong),
		Until: optionalTime("end_decide_time", req.GetEndDecideTime(), wrong)}
	if f.Mine {
		_, err = actor(ctx)
	}
	return f, err
}

// chosenNumber adds the number, where a request is about the suspects of one.
func (d *Deps) chosenNumber(
	ctx context.Context, op string, req asking, f *review.Filter, wrong *fault.Fields,
) error {
	a, err := d.asked(ctx, op, req, wrong)
	f.Number, f.Except = a.Number, a.undecided()
	f.But = each(a.suspects, func(x review.Suspect) review.ID { return x.ID })
	if a.alone {
		f.Recordings = append([]string{""}, a.recordings...) // and so no others', where it has none
	}
	return err
}

var orderFromProto = map[pb.SuspectOrder]review.Direction{
	pb.SuspectOrder_SUSPECT_ORDER_UNSPECIFIED: review.OldestFirst,
	pb.SuspectOrder_SUSPECT_ORDER_OLDEST:      review.OldestFirst,
	pb.SuspectOrder_SUSPECT_ORDER_NEWEST:      review.NewestFirst,
	pb.SuspectOrder_SUSPECT_ORDER_SCORE:       review.HighestFirst,
}

func suspectOrder(o pb.SuspectOrder, wrong *fault.Fields) review.Direction {
	order, ok := orderFromProto[o]
	if !ok {
		wrong.Add("order", "is %d, which is no order", o)
	}
	return order
}

// shortID reads the end of an id.
func shortID(text string, wrong *fault.Fields) string {
	if text != "" && (len(text) < review.MinShort || len(text) > ulidLen || !validID(text) ||
		strings.ContainsAny(text, "_-")) {
		wrong.Add("short_id", "is %q; it must be the last %d to %d characters of a suspect's id", text,
			review.MinShort, ulidLen)
	}
	return strings.ToUpper(text)
}

// ulidLen is how long ids are.
const ulidLen = 26

// The place where a page of suspects ended, as a cursor. In a list by score the score comes with the id.

const rankLen = 16

func placeCursor(p review.Place, order review.Direction) cursor {
	c := cursor{p.At, p.ID}
	if order == review.HighestFirst {
		c.id = hex.EncodeToString(binary.BigEndian.AppendUint64(nil, math.Float64bits(p.Rank))) + c.id
	}
	return c
}

func cursorPlace(c *cursor, order review.Direction) *review.Place {
	if c == nil {
		return nil
	}
	p := review.Place{Cursor: request.Cursor{At: c.at, ID: c.id}}
	if order == review.HighestFirst && len(c.id) > rankLen {
		raw, err := hex.DecodeString(c.id[:rankLen])
		if err == nil { // it is one of ours: the token is sealed
			p.Rank, p.ID = math.Float64frombits(binary.BigEndian.Uint64(raw)), c.id[rankLen:]
		}
	}
	return &p
}
