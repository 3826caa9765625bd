package lexicon

import (
	"context"

	"github.com/refrain-asr/refrain/internal/cli/client"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// recordingPage is how many recordings with their transcripts are asked for at once.
const recordingPage = 200

// pages are recordings with their transcripts, page by page.
type pages struct {
	list chan []*pb.Recording
	// stop ends the reading before its end, and wait tells how it ended.
	stop func()
	err  chan error
}

func (p *pages) wait() error { return <-p.err }

// pagesAhead reads the server's recordings that are done, the newest first, at most so many, 0 for
// all: the next page while the one before is judged.
func pagesAhead(ctx context.Context, cl *client.Client, limit int) *pages {
	ctx, cancel := context.WithCancel(ctx)
	p := &pages{list: make(chan []*pb.Recording, 1), stop: cancel, err: make(chan error, 1)}
	go func() {
		defer cancel()
		defer close(p.list)
		p.err <- p.read(ctx, cl, limit)
	}()
	return p
}

func (p *pages) read(ctx context.Context, cl *client.Client, limit int) error {
	req := &pb.ListRecordingsRequest{State: pb.Recording_STATE_DONE, WithTranscript: true}
	for seen := 0; ; {
		req.PageSize = recordingPage
		if limit > 0 {
			req.PageSize = int32(min(recordingPage, limit-seen))
		}
		page, err := cl.Recordings.ListRecordings(ctx, req)
		if err != nil {
			return err
		}
		select {
		case p.list <- page.GetRecordings():
		case <-ctx.Done():
			return ctx.Err()
		}
		seen += len(page.GetRecordings())
		req.PageToken = page.GetNextPageToken()
		if req.PageToken == "" || limit > 0 && seen >= limit {
			return nil
		}
	}
}
