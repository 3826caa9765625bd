package app_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/internal/apitest"
	"github.com/refrain-asr/refrain/internal/app"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// Lexicons by which the samples are judged: one that finds nothing in them, and one that takes the
// refusals for another class.
const (
	deafLexicon = "version: deaf-1\nlearned: off\nclasses:\n- id: not_interested\n  label: 没兴趣\n  freeze: 60d\n" +
		"  phrases:\n  - 天王盖地虎\n"
	otherLexicon = "version: other-1\nlearned: off\nclasses:\n- id: complaint\n  label: 投诉\n  freeze: until_released\n" +
		"  phrases:\n  - 没兴趣\n  - 不感兴趣\n"
)

// archiver is a server on a day, which a test ends.
type archiver struct {
	*server
	t     *testing.T
	clock *apitest.Clock
	ticks chan time.Time
}

func startArchive(t *testing.T, dir string, clock *apitest.Clock) *archiver {
	t.Helper()
	a := &archiver{t: t, clock: clock, ticks: make(chan time.Time)}
	cfg := testConfig(dir)
	cfg.Review.PastPerDay = 2
	a.server = start(t, cfg, goBy(clock), func(o *app.Options) {
		o.Every = func(d time.Duration) (<-chan time.Time, func()) {
			if d == 30*time.Second {
				return a.ticks, func() {}
			}
			return nil, func() {}
		}
	})
	return a
}

// activate puts a lexicon in force: by its source, or the default one.
func (a *archiver) activate(source string) {
	a.t.Helper()
	req := &pb.ActivateLexiconRequest{Lexicon: &pb.ActivateLexiconRequest_Source{Source: source}}
	if source == "" {
		req.Lexicon = &pb.ActivateLexiconRequest_Version{Version: "default"}
	}
	_, err := a.Lexicons.ActivateLexicon(as(a.t.Context(), "li"), req)
	require.NoError(a.t, err)
}

// refusals sends so many calls of some days ago in which the customer refuses.
func (a *archiver) refusals(first, n int, days ...int) (recs []*pb.Recording) {
	a.t.Helper()
	for i := range n {
		m := meta(first + i)
		m.StartTime = timestamppb.New(a.clock.Now().AddDate(0, 0, -days[i%len(days)]))
		recs = append(recs, a.send(a.t.Context(), a.t, m, sample(a.t, refusalSample)))
		a.clock.Later(time.Millisecond) // so that suspects come in this order
	}
	return recs
}

// run creates a run and waits until it has judged everything.
func (a *archiver) run(req *pb.CreateRunRequest) *pb.Run {
	a.t.Helper()
	resp, err := a.Batch.CreateRun(as(a.t.Context(), "li"), req)
	require.NoError(a.t, err)
	return a.until(resp.GetRun().GetName(), pb.Run_STATE_DONE, pb.Run_STATE_OPENING)
}

// until waits until a run is in one of the states.
func (a *archiver) until(name string, states ...pb.Run_State) (run *pb.Run) {
	a.t.Helper()
	require.Eventually(a.t, func() bool {
		resp, err := a.Batch.GetRun(context.WithoutCancel(a.t.Context()), &pb.GetRunRequest{Name: name})
		if err != nil {
			return false
		}
		run = resp.GetRun()
		for _, s := range states {
			if run.GetState() == s {
				return true
			}
		}
		return false
	}, time.Minute, 10*time.Millisecond, "%s", name)
	return run
}

func (a *archiver) suspects() []*pb.Suspect {
	a.t.Helper()
	resp, err := a.Review.ListSuspects(a.t.Context(), &pb.ListSuspectsRequest{})
	require.NoError(a.t, err)
	return resp.GetSuspects()
}

func (a *archiver) changes(run *pb.Run, kind pb.RunChange_Kind) []*pb.RunChange {
	a.t.Helper()
	resp, err := a.Batch.ListRunChanges(a.t.Context(), &pb.ListRunChangesRequest{Parent: run.GetName(), Kind: kind})
	require.NoError(a.t, err)
	return resp.GetChanges()
}

func (a *archiver) decide(s *pb.Suspect, v pb.Decision_Verdict) *pb.Suspect {
	a.t.Helper()
	resp, err := a.Review.DecideSuspect(as(a.t.Context(), "li"),
		&pb.DecideSuspectRequest{Name: s.GetName(), Verdict: v})
	require.NoError(a.t, err)
	return resp.GetSuspect()
}

// nextDay lets a day pass, and the server notice.
func (a *archiver) nextDay() {
	a.clock.Later(24 * time.Hour)
	a.ticks <- a.clock.Now()
}

// A lexicon that finds more is tried on what is stored, which touches nothing, and then applied: so
// many suspects a day, whose freezes count from their calls.
func TestReprocessGains(t *testing.T) {
	t.Parallel()
	dir, clock := t.TempDir(), newClock()
	a := startArchive(t, dir, clock)
	a.activate(deafLexicon)
	a.refusals(1, 5, 20, 100) // the freeze of every second would be over
	require.Empty(t, a.suspects())
	a.activate("")

	told := a.run(&pb.CreateRunRequest{})
	require.Equal(t, pb.Run_STATE_DONE, told.GetState())
	require.EqualValues(t, 5, told.GetDone())
	require.EqualValues(t, 5, told.GetTally().GetGained())
	require.EqualValues(t, 5, told.GetTally().GetClasses()["not_interested"].GetGained())
	require.Zero(t, told.GetTally().GetApplied())
	require.Empty(t, a.suspects())
	gained := a.changes(told, pb.RunChange_KIND_GAINED)
	require.Len(t, gained, 5)
	require.Equal(t, pb.RunChange_FATE_REPORTED, gained[0].GetFate())
	require.Contains(t, gained[0].GetMaskedNumber(), "****")
	require.NotEmpty(t, gained[0].GetText())
	rec, err := a.Recordings.GetRecording(t.Context(), &pb.GetRecordingRequest{Name: gained[0].GetRecording()})
	require.NoError(t, err)
	require.False(t, rec.GetRecording().GetJudgement().GetSuspect(), "nothing was touched")
	require.Contains(t, rec.GetRecording().GetJudgement().GetLexicon(), "deaf-1")

	run := a.run(&pb.CreateRunRequest{Apply: true})
	require.EqualValues(t, 2, run.GetMaxSuspectsPerDay(), "as it is configured")
	run = a.until(run.GetName(), pb.Run_STATE_OPENING)
	require.Eventually(t, func() bool { return len(a.suspects()) == 2 }, time.Minute, 10*time.Millisecond)
	a.ticks <- clock.Now()
	a.ticks <- clock.Now() // the first is done with
	require.Len(t, a.suspects(), 2, "no more on that day")

	require.NoError(t, a.stop())
	clock.Later(24 * time.Hour)
	a = startArchive(t, dir, clock)
	require.Eventually(t, func() bool { return len(a.suspects()) == 4 }, time.Minute, 10*time.Millisecond,
		"it goes on by itself after a restart")
	a.nextDay()
	run = a.until(run.GetName(), pb.Run_STATE_DONE)
	require.EqualValues(t, 5, run.GetTally().GetOpened())
	require.Zero(t, run.GetTally().GetWaiting())

	frozen, over := 0, 0
	for _, s := range a.suspects() {
		from := s.GetFreezeStartTime().AsTime()
		d := a.decide(s, pb.Decision_VERDICT_CONFIRMED).GetDecision()
		if from.After(clock.Now().AddDate(0, 0, -60)) {
			frozen++
			require.NotEmpty(t, d.GetFreeze())
			list, err := a.Freezes.ListFreezes(t.Context(), &pb.ListFreezesRequest{})
			require.NoError(t, err)
			require.Equal(t, from, list.GetFreezes()[0].GetStartTime().AsTime())
			require.Equal(t, from.AddDate(0, 0, 60), list.GetFreezes()[0].GetEndTime().AsTime())
			continue
		}
		over++
		require.Empty(t, d.GetFreeze())
		require.Equal(t, from.AddDate(0, 0, 60), d.GetFreezeOverTime().AsTime())
	}
	require.Equal(t, []int{3, 2}, []int{frozen, over})
	require.Equal(t, []bool{false, true}, a.AskAll(t, meta(1).GetNumber(), meta(2).GetNumber()))
	require.Empty(t, a.Sound(t).GetProblems())
}

// A lexicon that finds less, or other classes: what nobody has decided rests on the new verdicts,
// and what reviewers have decided stays.
func TestReprocessLosesAndMoves(t *testing.T) {
	t.Parallel()
	clock := newClock()
	a := startArchive(t, t.TempDir(), clock)
	a.refusals(1, 3, 1)
	before := a.suspects()
	require.Len(t, before, 3)
	require.Nil(t, before[0].GetFreezeStartTime(), "a live call's freeze runs from the decision")
	confirmed := a.decide(before[0], pb.Decision_VERDICT_CONFIRMED)
	dismissed := a.decide(before[1], pb.Decision_VERDICT_DISMISSED)
	judged := func(s *pb.Suspect) *pb.Judgement {
		rec, err := a.Recordings.GetRecording(t.Context(), &pb.GetRecordingRequest{Name: s.GetRecording()})
		require.NoError(t, err)
		return rec.GetRecording().GetJudgement()
	}
	old := judged(confirmed).String()

	a.activate(otherLexicon)
	moved := a.run(&pb.CreateRunRequest{Apply: true})
	require.EqualValues(t, 3, moved.GetTally().GetOtherClass())
	require.EqualValues(t, 2, moved.GetTally().GetDecided())
	require.EqualValues(t, 1, moved.GetTally().GetApplied())
	open := a.suspects()[2]
	require.Equal(t, "complaint", open.GetClass())
	require.Contains(t, open.GetLexicon(), "other-1")

	a.activate(deafLexicon)
	lost := a.run(&pb.CreateRunRequest{Apply: true,
		Selection: &pb.RunSelection{SuspectState: pb.RunSelection_SUSPECT_STATE_UNDECIDED}})
	require.EqualValues(t, 1, lost.GetTotal())
	require.EqualValues(t, 1, lost.GetTally().GetLost())
	require.False(t, judged(open).GetSuspect())
	open = a.suspects()[2]
	require.Equal(t, pb.Suspect_STATE_OPEN, open.GetState(), "it was put before reviewers")
	require.Empty(t, open.GetHits())
	for i, s := range []*pb.Suspect{confirmed, dismissed} {
		require.Equal(t, s.String(), a.suspects()[i].String())
	}
	require.Equal(t, old, judged(confirmed).String())
	require.Equal(t, []bool{false}, a.AskAll(t, meta(1).GetNumber()))

	for _, tt := range []struct {
		s    *pb.RunSelection
		want int64
	}{
		{&pb.RunSelection{Lexicon: "deaf-1"}, 1},
		{&pb.RunSelection{Class: "complaint"}, 1},
		{&pb.RunSelection{StartTime: timestamppb.New(clock.Now())}, 0},
		{&pb.RunSelection{SuspectState: pb.RunSelection_SUSPECT_STATE_CONFIRMED}, 1},
	} {
		run := a.run(&pb.CreateRunRequest{Selection: tt.s})
		require.Equal(t, tt.want, run.GetDone(), "%v", tt.s)
		require.Equal(t, tt.want, run.GetTotal())
	}
}

// Calls are heard again, too.
func TestReprocessSpeech(t *testing.T) {
	t.Parallel()
	a := startArchive(t, t.TempDir(), newClock())
	a.activate(deafLexicon)
	rec := a.refusals(1, 2, 1)[0]
	a.activate("")
	run := a.run(&pb.CreateRunRequest{Speech: true, Apply: true})
	require.EqualValues(t, 2, run.GetDone())
	require.Zero(t, run.GetTally().GetFailed())
	require.EqualValues(t, 2, run.GetTally().GetGained())
	require.Eventually(t, func() bool { return len(a.suspects()) == 2 }, time.Minute, 10*time.Millisecond)
	got, err := a.Recordings.GetRecording(t.Context(),
		&pb.GetRecordingRequest{Name: rec.GetName(), WithTranscript: true})
	require.NoError(t, err)
	require.Equal(t, pb.Recording_STATE_DONE, got.GetRecording().GetState())
	require.True(t, got.GetRecording().GetJudgement().GetSuspect())
	require.NotEmpty(t, got.GetRecording().GetTranscript().GetSegments())
}

// Runs wait for each other, pause, go on and end as they are told, over REST as well.
func TestReprocessOrders(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	a := startArchive(t, t.TempDir(), newClock())
	a.activate(deafLexicon)
	a.refusals(1, 3, 1)
	a.activate("")
	_, err := a.Batch.CreateRun(ctx, &pb.CreateRunRequest{})
	require.Equal(t, codes.Unauthenticated, status.Code(err))
	_, err = a.Batch.CreateRun(as(ctx, "li"), &pb.CreateRunRequest{MaxSuspectsPerDay: -1})
	require.Equal(t, codes.InvalidArgument, status.Code(err))

	base := "http://" + a.app.HTTPAddr() + "/v1/"
	code, got := rest(t, "POST", base+"runs", "li", `{"apply":true,"maxSuspectsPerDay":1,"selection":{"agent":""}}`)
	require.Equal(t, http.StatusOK, code, "%v", got)
	name := dig(t, got, "run", "name").(string)
	a.until(name, pb.Run_STATE_OPENING)
	require.Eventually(t, func() bool { return len(a.suspects()) == 1 }, time.Minute, 10*time.Millisecond)
	code, got = rest(t, "POST", base+name+":pause", "li", `{}`)
	require.Equal(t, http.StatusOK, code, "%v", got)
	require.Equal(t, "STATE_PAUSED", dig(t, got, "run", "state"))
	a.nextDay()
	a.ticks <- a.clock.Now()
	require.Len(t, a.suspects(), 1, "a paused run opens none")
	_, err = a.Batch.ResumeRun(as(ctx, "li"), &pb.ResumeRunRequest{Name: name, RequestId: "r1"})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return len(a.suspects()) == 2 }, time.Minute, 10*time.Millisecond)
	_, err = a.Batch.ResumeRun(as(ctx, "li"), &pb.ResumeRunRequest{Name: name})
	require.Equal(t, "NOT_PAUSED", reason(err))
	resumed, err := a.Batch.ResumeRun(as(ctx, "li"), &pb.ResumeRunRequest{Name: name, RequestId: "r1"})
	require.NoError(t, err, "the repetition of a request")
	require.Equal(t, pb.Run_STATE_OPENING, resumed.GetRun().GetState())
	code, got = rest(t, "POST", base+name+":cancel", "li", `{}`)
	require.Equal(t, http.StatusOK, code, "%v", got)
	require.Equal(t, "STATE_CANCELLED", dig(t, got, "run", "state"))
	a.nextDay()
	a.ticks <- a.clock.Now()
	require.Len(t, a.suspects(), 2)
	_, err = a.Batch.PauseRun(as(ctx, "li"), &pb.PauseRunRequest{Name: name})
	require.Equal(t, "RUN_ENDED", reason(err))

	code, got = rest(t, "GET", base+name+"/changes?fate=FATE_DROPPED", "", "")
	require.Equal(t, http.StatusOK, code)
	require.Len(t, dig(t, got, "changes"), 1)
	code, got = rest(t, "GET", base+"runs", "", "")
	require.Equal(t, http.StatusOK, code)
	require.Equal(t, name, dig(t, got, "runs", 0, "name"))
	_, err = a.Batch.ListRunChanges(ctx, &pb.ListRunChangesRequest{Parent: "runs/none"})
	require.Equal(t, codes.NotFound, status.Code(err))
	for token, seen := "", 0; ; {
		page, err := a.Batch.ListRunChanges(ctx, &pb.ListRunChangesRequest{Parent: name, PageSize: 2, PageToken: token})
		require.NoError(t, err)
		seen += len(page.GetChanges())
		if token = page.GetNextPageToken(); token == "" {
			require.Equal(t, 3, seen, page.String())
			break
		}
	}
}

// A lexicon that is not in force is tried on what was heard: on the newest at once, and on everything by a run
// that compares with what reviewers decided. Neither touches anything.
func TestTryLexicon(t *testing.T) {
	t.Parallel()
	ctx, dir, clock := t.Context(), t.TempDir(), newClock()
	a := startArchive(t, dir, clock)
	a.refusals(1, 4, 3)
	suspects := a.suspects()
	require.Len(t, suspects, 4)
	a.decide(suspects[0], pb.Decision_VERDICT_CONFIRMED)
	a.decide(suspects[1], pb.Decision_VERDICT_DISMISSED)

	preview := func(req *pb.PreviewLexiconRequest) *pb.PreviewLexiconResponse {
		t.Helper()
		resp, err := a.Lexicons.PreviewLexicon(ctx, req)
		require.NoError(t, err)
		return resp
	}
	got := preview(&pb.PreviewLexiconRequest{Source: deafLexicon, Count: 3})
	require.EqualValues(t, 3, got.GetCount())
	require.EqualValues(t, 3, got.GetTally().GetLost())
	require.Len(t, got.GetChanges(), 3)
	require.Contains(t, got.GetLexicon(), "deaf-1")
	for _, c := range got.GetChanges() {
		require.Equal(t, pb.RunChange_KIND_LOST, c.GetKind())
		require.Contains(t, c.GetMaskedNumber(), "****")
		require.NotEmpty(t, c.GetSuspect())
	}
	all := preview(&pb.PreviewLexiconRequest{Source: otherLexicon})
	require.EqualValues(t, 4, all.GetTally().GetOtherClass())
	require.EqualValues(t, 1, all.GetTally().GetReviewed().GetConfirmed())
	require.Zero(t, preview(&pb.PreviewLexiconRequest{Source: deafLexicon, Line: "another"}).GetCount())
	for _, req := range []*pb.PreviewLexiconRequest{{}, {Source: deafLexicon, Count: -1}, {Source: deafLexicon + "nonsense: 1\n"}} {
		_, err := a.Lexicons.PreviewLexicon(ctx, req)
		require.Equal(t, codes.InvalidArgument, status.Code(err), "%v", req)
	}

	run := a.run(&pb.CreateRunRequest{LexiconSource: deafLexicon, RequestId: "try-1"})
	require.True(t, run.GetTrial())
	require.Equal(t, deafLexicon, run.GetLexiconSource())
	require.EqualValues(t, 4, run.GetTally().GetLost())
	r := run.GetTally().GetReviewed()
	require.Equal(t, []int64{1, 1, 1, 1}, []int64{r.GetConfirmed(), r.GetConfirmedLost(), r.GetDismissed(), r.GetDismissedLost()})
	decisions := map[pb.RunChange_Decision]int{}
	for _, c := range a.changes(run, pb.RunChange_KIND_LOST) {
		require.Equal(t, pb.RunChange_FATE_REPORTED, c.GetFate())
		decisions[c.GetDecision()]++
	}
	require.Equal(t, map[pb.RunChange_Decision]int{pb.RunChange_DECISION_UNSPECIFIED: 2, pb.RunChange_DECISION_CONFIRMED: 1,
		pb.RunChange_DECISION_DISMISSED: 1}, decisions)
	list, err := a.Batch.ListRuns(ctx, &pb.ListRunsRequest{})
	require.NoError(t, err)
	require.True(t, list.GetRuns()[0].GetTrial())
	require.Empty(t, list.GetRuns()[0].GetLexiconSource())
	for _, req := range []*pb.CreateRunRequest{{LexiconSource: deafLexicon, Apply: true}, {LexiconSource: "version: "}} {
		_, err := a.Batch.CreateRun(as(ctx, "li"), req)
		require.Equal(t, codes.InvalidArgument, status.Code(err), "%v", req)
	}
	require.Len(t, a.suspects(), 4)
	lex, err := a.Lexicons.GetLexicon(ctx, &pb.GetLexiconRequest{})
	require.NoError(t, err)
	require.NotContains(t, lex.GetLexicon().GetVersion(), "deaf")
}
