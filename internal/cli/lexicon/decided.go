package lexicon

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	"github.com/refrain-asr/refrain/keywords/eval"
	"github.com/refrain-asr/refrain/keywords/lexicon/learn"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// serverDecisions are those that stand on the server's suspects. Suspects whose transcript isn't
// kept any more are left out.
func serverDecisions(ctx context.Context, cl *client.Client) ([]learn.Decision, error) {
	var list []learn.Decision
	for _, state := range []pb.Suspect_State{
		pb.Suspect_STATE_CONFIRMED, pb.Suspect_STATE_DISMISSED,
	} {
		err := client.Limit(0).Pages(func(size int32, token string) (int, string, error) {
			page, err := cl.Reviews.ListSuspects(ctx, &pb.ListSuspectsRequest{State: state,
				PageSize: size, PageToken: token})
			if err != nil {
				return 0, "", err
			}
			for _, s := range page.GetSuspects() {
				if s.GetKind() == pb.Suspect_KIND_SECOND_LOOK {
					continue // the call is there already
				}
				d, kept, err := decisionOn(ctx, cl, s)
				if err != nil {
					return 0, "", err
				}
				if kept {
					list = append(list, d)
				}
			}
			return len(page.GetSuspects()), page.GetNextPageToken(), nil
		})
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// decisionOn reads the call of a decided suspect; kept is false where its words are gone.
func decisionOn(
	ctx context.Context, cl *client.Client, s *pb.Suspect,
) (d learn.Decision, kept bool, err error) {
	got, err := cl.Recordings.GetRecording(ctx,
		&pb.GetRecordingRequest{Name: s.GetRecording(), WithTranscript: true})
	if status.Code(err) == codes.NotFound {
		return d, false, nil
	}
	if err != nil {
		return d, false, err
	}
	p := fromServer(got.GetRecording())
	return learn.Decision{Transcript: p.transcript, Agent: p.agent, Answered: p.answered,
		Confirmed: s.GetState() == pb.Suspect_STATE_CONFIRMED}, len(p.transcript.Segments) > 0, nil
}

// labelledDecisions are those that files with labels stand for: of each utterance or dialogue one.
func labelledDecisions(names []string) ([]learn.Decision, error) {
	var list []learn.Decision
	for _, name := range names {
		read := utterances
		switch filepath.Ext(name) {
		case ".tsv":
		case ".jsonl":
			read = dialogues
		default:
			return nil, usage.Errorf("--from %s: give a .tsv with labelled utterances or a .jsonl "+
				"with dialogues", name)
		}
		decisions, err := read(name)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		list = append(list, decisions...)
	}
	return list, nil
}

func utterances(name string) ([]learn.Decision, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	all, err := eval.Read(file)
	if err != nil {
		return nil, err
	}
	list := make([]learn.Decision, len(all))
	for i, u := range all {
		list[i] = learn.Decision{Transcript: talk(u.Text), Confirmed: u.Refusal}
	}
	return list, nil
}

func dialogues(name string) ([]learn.Decision, error) {
	calls, err := eval.ReadCalls(name)
	if err != nil {
		return nil, err
	}
	list := make([]learn.Decision, len(calls))
	for i, call := range calls {
		var said []string
		for _, turn := range call.Turns {
			if turn.Side == asr.Customer {
				said = append(said, turn.Text)
			}
		}
		list[i] = learn.Decision{Transcript: talk(said...), Confirmed: call.Refusal >= 0}
	}
	return list, nil
}

// talk is what a customer said as a transcript with pauses between the turns.
func talk(turns ...string) asr.Transcript {
	const apart, lasts = 10 * time.Second, 5 * time.Second
	t := asr.Transcript{Side: asr.Customer}
	for i, text := range turns {
		start := time.Duration(i) * apart
		t.Segments = append(t.Segments,
			asr.Segment{Span: asr.Span{Start: start, End: start + lasts}, Text: text})
	}
	return t
}
