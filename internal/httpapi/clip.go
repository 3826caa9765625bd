package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// partFields are those by which less than a whole recording is asked for.
const partFields = "track from to"

// partOf is what of a recording is asked for.
func partOf(q url.Values) (*pb.GetRecordingAudioRequest, error) {
	req := &pb.GetRecordingAudioRequest{}
	switch track := q.Get("track"); track {
	case "":
	case "customer":
		req.Side = pb.Side_SIDE_CUSTOMER
	case "agent":
		req.Side = pb.Side_SIDE_AGENT
	default:
		return nil, fmt.Errorf("track is %q; it may be customer or agent", track)
	}
	var err error
	if req.StartOffset, err = momentOf(q, "from"); err != nil {
		return nil, err
	}
	req.EndOffset, err = momentOf(q, "to")
	return req, err
}

// maxMoment is longer than any recording.
const maxMoment = 1000 * time.Hour

// momentOf reads a time within a recording: seconds, or a duration such as 1m4.5s.
func momentOf(q url.Values, name string) (*durationpb.Duration, error) {
	text := q.Get(name)
	if text == "" {
		return nil, nil //nolint:nilnil // it isn't given
	}
	d, err := time.ParseDuration(text)
	if seconds, ferr := strconv.ParseFloat(text, 64); ferr == nil && seconds >= 0 && seconds < maxMoment.Seconds() {
		d, err = time.Duration(seconds*float64(time.Second)), nil
	}
	if err != nil || d < 0 || d > maxMoment {
		return nil, fmt.Errorf("%s is %q, which is no time in a recording: give seconds, or such as 1m4.5s", name, text)
	}
	return durationpb.New(d), nil
}

// cut tells whether less than the file as it came is asked for.
func (f *remoteFile) cut() bool {
	return f.asked.GetSide() != pb.Side_SIDE_UNSPECIFIED || f.asked.GetStartOffset() != nil || f.asked.GetEndOffset() != nil
}

// suffix tells what is asked for from other parts of the same file.
func (f *remoteFile) suffix() string {
	if !f.cut() {
		return ""
	}
	track := map[pb.Side]string{pb.Side_SIDE_CUSTOMER: "-customer", pb.Side_SIDE_AGENT: "-agent"}[f.asked.GetSide()]
	return fmt.Sprintf("%s-%d-%d", track, f.asked.GetStartOffset().AsDuration().Milliseconds(),
		f.asked.GetEndOffset().AsDuration().Milliseconds())
}

// clips gives what was said around hits.
type clips struct {
	audios
	reviews pb.ReviewServiceClient
}

const (
	// clipAround is how much stands before and after a hit, maxAround how much may.
	clipAround = 3 * time.Second
	maxAround  = 30 * time.Second
)

// get answers GET /v1/suspects/{suspect}/clip, with hit, 0 for the first, and around, how much there is to be before
// and after it.
func (c clips) get(w http.ResponseWriter, r *http.Request) {
	hit, around, err := whichHit(r.URL.Query())
	if err != nil {
		http.Error(w, "error: "+err.Error(), http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithCancel(onBehalf(r.Context(), r))
	defer cancel()
	got, err := c.reviews.GetSuspect(ctx, &pb.GetSuspectRequest{Name: "suspects/" + r.PathValue("suspect")})
	if err != nil {
		fail(w, err)
		return
	}
	hits := got.GetSuspect().GetHits()
	if hit >= len(hits) {
		http.Error(w, fmt.Sprintf("error: the suspect shows %d hits, and they count from 0", len(hits)), http.StatusNotFound)
		return
	}
	span := hits[hit].GetSpan()
	c.give(w, r, &remoteFile{ctx: ctx, recordings: c.recordings, at: firstByte(r), asked: &pb.GetRecordingAudioRequest{
		Name:        got.GetSuspect().GetRecording(),
		StartOffset: durationpb.New(max(0, span.GetStart().AsDuration()-around)),
		EndOffset:   durationpb.New(span.GetEnd().AsDuration() + around),
	}})
}

func whichHit(q url.Values) (hit int, around time.Duration, err error) {
	around = clipAround
	if text := q.Get("hit"); text != "" {
		if hit, err = strconv.Atoi(text); err != nil || hit < 0 {
			return 0, 0, fmt.Errorf("hit is %q; hits count from 0", text)
		}
	}
	d, err := momentOf(q, "around")
	if err == nil && d != nil {
		around = d.AsDuration()
	}
	if around > maxAround {
		err = errors.Join(err, fmt.Errorf("around is more than %v", maxAround))
	}
	return hit, around, err
}
