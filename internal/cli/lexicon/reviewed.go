package lexicon

import (
	"context"

	"github.com/refrain-asr/refrain/internal/cli/client"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// decision is what a reviewer made of a call.
type decision struct {
	confirmed bool
	// sample says that the call was no suspect, and was put before the reviewer by chance.
	sample bool
	// class is the one that was confirmed, or else the suspect's.
	class string
	// phrases are those that spoke for a refusal, and whether they were right.
	phrases map[string]bool
}

// reviewed are the decisions that stand on the server's suspects, by the names of their
// recordings. Second looks are left out: there is one decision on a call.
func reviewed(ctx context.Context, cl *client.Client) (map[string]decision, error) {
	all := map[string]decision{}
	for _, state := range []pb.Suspect_State{
		pb.Suspect_STATE_CONFIRMED, pb.Suspect_STATE_DISMISSED,
	} {
		err := client.Limit(0).Pages(func(size int32, token string) (int, string, error) {
			page, err := cl.Reviews.ListSuspects(ctx, &pb.ListSuspectsRequest{State: state,
				PageSize: size, PageToken: token})
			for _, s := range page.GetSuspects() {
				if s.GetKind() != pb.Suspect_KIND_SECOND_LOOK {
					all[s.GetRecording()] = newDecision(s)
				}
			}
			return len(page.GetSuspects()), page.GetNextPageToken(), err
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

func newDecision(s *pb.Suspect) decision {
	d := decision{confirmed: s.GetDecision().GetVerdict() == pb.Decision_VERDICT_CONFIRMED,
		sample: s.GetKind() == pb.Suspect_KIND_SAMPLE, class: s.GetClass(), phrases: map[string]bool{}}
	if d.confirmed {
		d.class = s.GetDecision().GetClass()
	}
	if d.sample {
		return d
	}
	right := map[int]bool{}
	for _, h := range s.GetDecision().GetHits() {
		right[int(h.GetHit())] = h.GetCorrect()
	}
	for i, h := range s.GetHits() {
		if h.GetVeto() != nil {
			continue
		}
		correct, said := right[i]
		if !said {
			correct = d.confirmed
		}
		name := phraseName(h.GetPhrase(), h.GetMatch())
		d.phrases[name] = d.phrases[name] || correct
	}
	return d
}

// phraseName names a hit's phrase, or how it was found where there is none.
func phraseName(phrase, match string) string {
	if phrase == "" {
		return "(" + match + ")"
	}
	return phrase
}
