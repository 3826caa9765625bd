package grpcapi

import (
	"context"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/keywords"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/rejudge"
	"github.com/refrain-asr/refrain/request"
)

// Runs reads runs that judge recordings again, and what they found.
type Runs interface {
	Get(ctx context.Context, id rejudge.ID) (rejudge.Run, error)
	// LexiconSource is the source of the lexicon that a run tries.
	LexiconSource(ctx context.Context, id rejudge.ID) (string, error)
	List(ctx context.Context, before *request.Cursor, limit int) ([]rejudge.Run, error)
	Changes(ctx context.Context, f rejudge.ChangeFilter) ([]rejudge.Change, error)
}

type batchServer struct {
	pb.UnimplementedBatchServiceServer
	Deps
	pages pager
}

// CreateRun implements the API.
func (s *batchServer) CreateRun(
	ctx context.Context, req *pb.CreateRunRequest,
) (*pb.CreateRunResponse, error) {
	by, err := actor(ctx)
	if err != nil {
		return nil, err
	}
	var wrong fault.Fields
	checkRequestID(req.GetRequestId(), &wrong)
	of := selectionFromProto(req.GetSelection(), &wrong)
	if err := wrong.Err("rejudge.Create"); err != nil {
		return nil, err
	}
	order := rejudge.Order{Selection: of, Apply: req.GetApply(), Speech: req.GetSpeech(),
		PerDay: int(req.GetMaxSuspectsPerDay())}
	if source := req.GetLexiconSource(); source != "" {
		if _, order.Try, err = s.parseLexicon("rejudge.Create", "lexicon_source", source); err != nil {
			return nil, err
		}
	}
	r, err := s.Rejudge.Create(ctx, s.request(ctx, "CreateRun", req), order, by)
	if err != nil {
		return nil, err
	}
	s.Logger.InfoContext(ctx, "run created", "run", r.ID, "apply", r.Apply, "speech", r.Speech,
		"trial", r.Trial, "actor", by)
	out, err := s.wholeRun(ctx, r)
	return &pb.CreateRunResponse{Run: out}, err
}

// wholeRun is a run with the lexicon that it tries.
func (s *batchServer) wholeRun(ctx context.Context, r rejudge.Run) (out *pb.Run, err error) {
	out = runToProto(r)
	if r.Trial {
		out.LexiconSource, err = s.Runs.LexiconSource(ctx, r.ID)
	}
	return out, err
}

// GetRun implements the API.
func (s *batchServer) GetRun(
	ctx context.Context, req *pb.GetRunRequest,
) (*pb.GetRunResponse, error) {
	id, err := runID("rejudge.Get", req.GetName(), "")
	if err != nil {
		return nil, err
	}
	r, err := s.Runs.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	out, err := s.wholeRun(ctx, r)
	return &pb.GetRunResponse{Run: out}, err
}

// ListRuns implements the API.
func (s *batchServer) ListRuns(
	ctx context.Context, req *pb.ListRunsRequest,
) (*pb.ListRunsResponse, error) {
	var wrong fault.Fields
	size := pageSize(req.GetPageSize(), &wrong)
	const filter = "runs"
	before := s.pages.parse(filter, req.GetPageToken(), &wrong)
	if err := wrong.Err("rejudge.List"); err != nil {
		return nil, err
	}
	var from *request.Cursor
	if before != nil {
		from = &request.Cursor{At: before.at, ID: before.id}
	}
	list, err := s.Runs.List(ctx, from, size+1)
	if err != nil {
		return nil, err
	}
	list, next := cut(list, size, func(r rejudge.Run) string {
		return s.pages.token(filter, cursor{r.CreatedAt, string(r.ID)})
	})
	return &pb.ListRunsResponse{Runs: each(list, runToProto), NextPageToken: next}, nil
}

// PauseRun implements the API.
func (s *batchServer) PauseRun(
	ctx context.Context, req *pb.PauseRunRequest,
) (*pb.PauseRunResponse, error) {
	r, err := s.order(ctx, "PauseRun", req, s.Rejudge.Pause)
	return &pb.PauseRunResponse{Run: r}, err
}

// ResumeRun implements the API.
func (s *batchServer) ResumeRun(
	ctx context.Context, req *pb.ResumeRunRequest,
) (*pb.ResumeRunResponse, error) {
	r, err := s.order(ctx, "ResumeRun", req, s.Rejudge.Resume)
	return &pb.ResumeRunResponse{Run: r}, err
}

// CancelRun implements the API.
func (s *batchServer) CancelRun(
	ctx context.Context, req *pb.CancelRunRequest,
) (*pb.CancelRunResponse, error) {
	r, err := s.order(ctx, "CancelRun", req, s.Rejudge.Cancel)
	return &pb.CancelRunResponse{Run: r}, err
}

// ofRun is a request that names a run.
type ofRun interface {
	identified
	GetName() string
}

// order tells a run what to do.
func (s *batchServer) order(
	ctx context.Context, method string, req ofRun,
	give func(context.Context, rejudge.ID, request.Request) (rejudge.Run, error),
) (*pb.Run, error) {
	by, err := actor(ctx)
	if err != nil {
		return nil, err
	}
	id, err := runID("rejudge."+method, req.GetName(), req.GetRequestId())
	if err != nil {
		return nil, err
	}
	r, err := give(ctx, id, s.request(ctx, method, req))
	if err != nil {
		return nil, err
	}
	s.Logger.InfoContext(ctx, "run told", "run", r.ID, "order", method, "actor", by)
	return runToProto(r), nil
}

// ListRunChanges implements the API.
func (s *batchServer) ListRunChanges(
	ctx context.Context, req *pb.ListRunChangesRequest,
) (*pb.ListRunChangesResponse, error) {
	var wrong fault.Fields
	size := pageSize(req.GetPageSize(), &wrong)
	ids := parseName("runs/{run}", req.GetParent(), &wrong)
	kind, known := changeKindFromProto[req.GetKind()]
	if !known {
		wrong.Add("kind", "is %d, which is no kind", req.GetKind())
	}
	fate, known := fateFromProto[req.GetFate()]
	if !known {
		wrong.Add("fate", "is %d, which is no fate", req.GetFate())
	}
	filter := filterName("changes", ids[0], kind, fate)
	after := s.pages.parse(filter, req.GetPageToken(), &wrong)
	if err := wrong.Err("rejudge.ListChanges"); err != nil {
		return nil, err
	}
	f := rejudge.ChangeFilter{Run: rejudge.ID(ids[0]), Kind: kind, Fate: fate, Limit: size + 1}
	if after != nil {
		f.After = recording.ID(after.id)
	}
	if _, err := s.Runs.Get(ctx, f.Run); err != nil {
		return nil, err
	}
	list, err := s.Runs.Changes(ctx, f)
	if err != nil {
		return nil, err
	}
	list, next := cut(list, size, func(x rejudge.Change) string {
		return s.pages.token(filter, cursor{x.Called, string(x.Recording)})
	})
	return &pb.ListRunChangesResponse{Changes: each(list, changeToProto), NextPageToken: next}, nil
}

// runID reads a run's name and checks the request id along with it.
func runID(op, name, requestID string) (rejudge.ID, error) {
	var wrong fault.Fields
	ids := parseName("runs/{run}", name, &wrong)
	checkRequestID(requestID, &wrong)
	return rejudge.ID(ids[0]), wrong.Err(op)
}

// selectionFromProto reads what a run is to judge.
func selectionFromProto(s *pb.RunSelection, wrong *fault.Fields) rejudge.Selection {
	state, known := suspectsFromProto[s.GetSuspectState()]
	if !known {
		wrong.Add("suspect_state", "is %d, which is no state", s.GetSuspectState())
	}
	return rejudge.Selection{
		Since: optionalTime("start_time", s.GetStartTime(), wrong),
		Until: optionalTime("end_time", s.GetEndTime(), wrong),
		Agent: s.GetAgent(), Line: s.GetLine(), Source: s.GetSource(),
		Class: keywords.Class(s.GetClass()), Lexicon: s.GetLexicon(), Suspect: state,
	}
}
