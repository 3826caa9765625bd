package chaos_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"sync"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/refrain-asr/refrain/internal/apitest"
	"github.com/refrain-asr/refrain/keywords/lexicon"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// hands are freezes and releases by hand.
type hands struct {
	*world
	mu   sync.Mutex
	list []*handFreeze
}

// handFreeze is one that was acknowledged.
type handFreeze struct {
	number, note, name string
	released           bool
}

// once freezes a number of its own, and maybe releases it.
func (h *hands) once(rnd *rand.Rand) {
	f := &handFreeze{number: h.phone(1360)}
	f.note = "hand-" + f.number
	req := &pb.CreateFreezeRequest{Number: f.number, Reason: f.note, RequestId: f.note}
	if rnd.IntN(2) == 0 {
		req.End = &pb.CreateFreezeRequest_Period{Period: durationpb.New(60 * 24 * time.Hour)}
	}
	rest := rnd.IntN(2) == 0
	if !h.sure("freezes by hand", func(ctx context.Context, s *server) error {
		resp := &pb.CreateFreezeResponse{}
		var err error
		if rest {
			err = s.post(ctx, "/v1/freezes", req, resp)
		} else {
			resp, err = s.Freezes.CreateFreeze(ctx, req)
		}
		f.name = resp.GetFreeze().GetName()
		return err
	}) {
		return
	}
	h.frozen.add(f.number, f.note)
	h.mu.Lock()
	h.list = append(h.list, f)
	h.mu.Unlock()
	h.refused(rnd, f.number)
	if rnd.IntN(3) == 0 {
		h.release(f, rnd)
	}
}

func (h *hands) release(f *handFreeze, rnd *rand.Rand) {
	h.frozen.drop(f.number)
	req := &pb.ReleaseFreezeRequest{Reason: "chaos", RequestId: f.note + "-release",
		Target: &pb.ReleaseFreezeRequest_Number{Number: f.number}}
	if rnd.IntN(2) == 0 {
		req.Target = &pb.ReleaseFreezeRequest_Name{Name: f.name}
	}
	if h.sure("releases", func(ctx context.Context, s *server) error {
		_, err := s.Freezes.ReleaseFreeze(ctx, req)
		return err
	}) {
		h.mu.Lock()
		defer h.mu.Unlock()
		f.released = true
	}
}

// verify holds each number's freezes against the model.
func (h *hands) verify(s *server) {
	want := map[string][]*handFreeze{}
	for _, f := range h.list {
		want[f.number] = append(want[f.number], f)
	}
	for number, list := range want {
		got := s.FreezesOf(h.t, number)
		if len(got) != len(list) {
			h.fail("%s has %d freezes, and %d were acknowledged", number, len(got), len(list))
			continue
		}
		notes := map[string]bool{} // note: whether it is released
		for _, f := range got {
			notes[f.GetNote()] = f.GetRelease() != nil
		}
		for _, f := range list {
			released, there := notes[f.note]
			if !there || released != f.released {
				h.fail("the freeze %s of %s: there %t, released %t, but it was acknowledged, released %t",
					f.note, number, there, released, f.released)
			}
		}
	}
}

// caps are numbers that several diallers want to call at the same time, and ones that rules freeze.
type caps struct {
	*world
	mu      sync.Mutex
	granted map[string][]string // by number, the calls that were permitted
	ruled   []string
}

// permitted is how many calls a day the shipped rules permit.
const permitted = 6

// burst has diallers reserve more calls to a number than are permitted.
func (c *caps) burst(*rand.Rand) {
	number := c.phone(1350)
	var diallers sync.WaitGroup
	for d := range 3 {
		diallers.Go(func() {
			for i := range permitted - 1 {
				id := fmt.Sprintf("cap-%s-%d-%d", number, d, i)
				var allowed bool
				err := c.insist(func(ctx context.Context, s *server) error {
					resp, err := s.Reserve(ctx, id, number)
					allowed = resp.GetAnswer().GetAllowed()
					return err
				})
				switch {
				case errors.Is(err, errOver):
					return
				case status.Code(err) == codes.FailedPrecondition: // its time was over before the answer came
				case err != nil:
					c.fail("reserve: %v", err)
				case allowed:
					c.note(number, id)
				}
			}
		})
	}
	diallers.Wait()
}

func (c *caps) note(number, id string) {
	c.ack("reservations", 1)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.granted == nil {
		c.granted = map[string][]string{}
	}
	c.granted[number] = append(c.granted[number], id)
}

// reject reports three rejections: the number is frozen at once.
func (c *caps) reject(rnd *rand.Rand) {
	number := c.phone(1340)
	day := c.began.Add(-5 * 24 * time.Hour).Truncate(24 * time.Hour) // before what is summed up
	for i := range 3 {
		call := apitest.Rejected(fmt.Sprintf("rule-%s-%d", number, i), number,
			day.Add(time.Duration(i)*time.Minute))
		rest := rnd.IntN(2) == 0
		if !c.sure("rejections", func(ctx context.Context, s *server) error {
			if rest {
				return s.post(ctx, "/v1/calls", call, &pb.ReportCallResponse{})
			}
			_, err := s.Calls.ReportCall(ctx, &pb.ReportCallRequest{Call: call})
			return err
		}) {
			return
		}
	}
	c.frozen.add(number, "three rejections")
	c.mu.Lock()
	c.ruled = append(c.ruled, number)
	c.mu.Unlock()
	c.refused(rnd, number)
}

// verify holds reservations and rules' freezes against the model, and gives how many calls are
// reserved.
func (c *caps) verify(s *server) (reserved int) {
	china, err := time.LoadLocation("Asia/Shanghai")
	require.NoError(c.t, err)
	for number, granted := range c.granted {
		resp, err := s.Calls.ListCalls(c.t.Context(), &pb.ListCallsRequest{Number: number, PageSize: 1000})
		require.NoError(c.t, err)
		days, there := map[string]int{}, map[string]bool{}
		for _, call := range resp.GetCalls() {
			days[call.GetStartTime().AsTime().In(china).Format(time.DateOnly)]++
			there[call.GetCallId()] = true
		}
		reserved += len(resp.GetCalls())
		for day, n := range days {
			if n > permitted {
				c.fail("%s may be called %d times on %s", number, n, day)
			}
		}
		for _, id := range granted {
			if !there[id] {
				c.fail("the reservation %s is lost", id)
			}
		}
	}
	for _, number := range c.ruled {
		if list := s.FreezesOf(c.t, number); len(list) != 1 || list[0].GetRule() == "" ||
			list[0].GetRelease() != nil {
			c.fail("%s has the freezes %v, and not one by a rule", number, list)
		}
	}
	return reserved
}

// versions are the lexicons and rules that were put in force, one after the other.
type versions struct {
	*world
	made int
	// lexicon and rules are what was acknowledged last, lexicons all that ever were.
	lexicon, rules string
	lexicons       []string
}

// once puts another lexicon or other rules in force, or some of before.
func (v *versions) once(rnd *rand.Rand) {
	v.made++
	name := fmt.Sprintf("chaos-%d", v.made)
	if rnd.IntN(2) == 0 {
		req := &pb.ActivateLexiconRequest{RequestId: name}
		source := versionLine.ReplaceAll(lexicon.Default().Source(), []byte("version: "+name))
		req.Lexicon = &pb.ActivateLexiconRequest_Source{Source: string(source)}
		if len(v.lexicons) > 0 && rnd.IntN(3) == 0 {
			before := v.lexicons[rnd.IntN(len(v.lexicons))]
			req.Lexicon = &pb.ActivateLexiconRequest_Version{Version: before}
		}
		if v.sure("lexicons", func(ctx context.Context, s *server) error {
			resp, err := s.Lexicons.ActivateLexicon(ctx, req)
			v.lexicon = resp.GetLexicon().GetVersion()
			return err
		}) {
			v.lexicons = append(v.lexicons, v.lexicon)
		}
		return
	}
	req := &pb.ActivateRulesRequest{RequestId: name,
		Rules: &pb.ActivateRulesRequest_Source{Source: "name: " + name + "\n"}}
	v.sure("rules", func(ctx context.Context, s *server) error {
		resp, err := s.Rules.ActivateRules(ctx, req)
		v.rules = resp.GetRules().GetVersion()
		return err
	})
}

var versionLine = regexp.MustCompile(`(?m)^version:.*$`)

// verify holds what is in force against the model.
func (v *versions) verify(s *server) {
	lex, err := s.Lexicons.GetLexicon(v.t.Context(), &pb.GetLexiconRequest{})
	require.NoError(v.t, err)
	rules, err := s.Rules.GetRules(v.t.Context(), &pb.GetRulesRequest{})
	require.NoError(v.t, err)
	if got := lex.GetLexicon().GetVersion(); v.lexicon != "" && got != v.lexicon {
		v.fail("the lexicon %s is in force, and %s was acknowledged last", got, v.lexicon)
	}
	if got := rules.GetRules().GetVersion(); v.rules != "" && got != v.rules {
		v.fail("the rules %s are in force, and %s were acknowledged last", got, v.rules)
	}
}
