package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// onBehalf asks the API for whoever sent the request.
func onBehalf(ctx context.Context, r *http.Request) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "refrain-actor", r.Header.Get(ActorHeader))
}

// audios gives recordings' files.
type audios struct{ recordings pb.RecordingServiceClient }

// get answers GET /v1/recordings/{recording}/audio with the file as it came, or the track and the stretch that are
// asked for, or ranges of either, as players do that are moved about. HEAD gives nothing out,
// so it asks for no audio, but where less than the file as it came is asked for: how long that is its making tells.
func (a audios) get(w http.ResponseWriter, r *http.Request) {
	part, err := partOf(r.URL.Query())
	if err != nil {
		http.Error(w, "error: "+err.Error(), http.StatusBadRequest)
		return
	}
	part.Name = "recordings/" + r.PathValue("recording")
	ctx, cancel := context.WithCancel(onBehalf(r.Context(), r))
	defer cancel()
	a.give(w, r, &remoteFile{ctx: ctx, recordings: a.recordings, asked: part, at: firstByte(r)})
}

// give gives a file out.
func (a audios) give(w http.ResponseWriter, r *http.Request, f *remoteFile) {
	defer f.stop()
	if r.Method == http.MethodHead && !f.cut() {
		a.head(w, r, f)
		return
	}
	about, err := f.open()
	if status.Code(err) == codes.InvalidArgument && f.at > 0 { // more than there is
		f.at = 0
		about, err = f.open()
	}
	if err != nil {
		fail(w, err)
		return
	}
	w.Header().Set("Content-Type", about.GetMediaType())
	w.Header().Set("ETag", strconv.Quote(about.GetSha256()+f.suffix()))
	w.Header().Set("Cache-Control", "private, no-cache")
	w.Header().Set("Content-Disposition", fmt.Sprintf("inline; filename=%q",
		strings.TrimPrefix(f.asked.GetName(), "recordings/")+f.suffix()+ending(about.GetMediaType())))
	http.ServeContent(w, r, "", time.Time{}, f)
}

// head answers as get does, but for what only the file's beginning tells.
func (a audios) head(w http.ResponseWriter, r *http.Request, f *remoteFile) {
	got, err := a.recordings.GetRecording(f.ctx, &pb.GetRecordingRequest{Name: f.asked.GetName()})
	if err != nil {
		fail(w, err)
		return
	}
	rec := got.GetRecording()
	f.about = &pb.AudioFile{SizeBytes: rec.GetSizeBytes(), Sha256: rec.GetSha256()}
	w.Header()["Content-Type"] = nil // not known, and not to be found out
	w.Header().Set("ETag", strconv.Quote(rec.GetSha256()))
	w.Header().Set("Cache-Control", "private, no-cache")
	http.ServeContent(w, r, "", time.Time{}, f)
}

// firstByte is where the only range begins that is asked for, 0 where that is not so simple: there the
// file is read from its beginning, and what stands before is passed over.
func firstByte(r *http.Request) int64 {
	span, ok := strings.CutPrefix(r.Header.Get("Range"), "bytes=")
	first, _, dash := strings.Cut(span, "-")
	if !ok || !dash || strings.Contains(span, ",") || r.Header.Get("If-Range") != "" {
		return 0
	}
	n, err := strconv.ParseInt(first, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// ending is that of a file of such a type.
func ending(mediaType string) string {
	return map[string]string{"audio/x-wav": ".wav", "audio/ogg": ".ogg", "audio/x-mp3": ".mp3",
		"audio/flac": ".flac", "audio/AMR": ".amr", "audio/webm": ".webm", "audio/x-mp4": ".m4a"}[mediaType]
}

// remoteFile reads a recording's file from the API, from wherever it is sought.
type remoteFile struct {
	ctx        context.Context //nolint:containedctx // it stands in for a file that is open for one request
	recordings pb.RecordingServiceClient
	// asked says which file, and what of it.
	asked *pb.GetRecordingAudioRequest

	about *pb.AudioFile
	// at is where the next byte is read, got where the stream stands, which may be behind that.
	at, got int64
	stream  grpc.ServerStreamingClient[pb.GetRecordingAudioResponse]
	cancel  context.CancelFunc
	rest    []byte
}

// open begins to read where it stands, and tells what the file is.
func (f *remoteFile) open() (*pb.AudioFile, error) {
	f.stop()
	ctx, cancel := context.WithCancel(f.ctx)
	f.cancel = cancel
	f.asked.Offset, f.asked.Sha256 = f.at, f.about.GetSha256()
	stream, err := f.recordings.GetRecordingAudio(ctx, f.asked)
	if err != nil {
		return nil, err
	}
	first, err := stream.Recv()
	if err != nil {
		return nil, err
	}
	f.stream, f.about, f.got = stream, first.GetFile(), f.at
	return f.about, nil
}

func (f *remoteFile) stop() {
	if f.cancel != nil {
		f.cancel()
	}
	f.stream, f.rest = nil, nil
}

// Read implements io.Reader.
func (f *remoteFile) Read(p []byte) (int, error) {
	if f.stream == nil || f.got > f.at {
		if _, err := f.open(); err != nil {
			return 0, err
		}
	}
	for len(f.rest) == 0 || f.got < f.at {
		if over := min(int64(len(f.rest)), f.at-f.got); over > 0 {
			f.rest, f.got = f.rest[over:], f.got+over
			continue
		}
		m, err := f.stream.Recv()
		if errors.Is(err, io.EOF) && f.got < f.about.GetSizeBytes() {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return 0, err
		}
		f.rest = m.GetChunk()
	}
	n := copy(p, f.rest)
	f.rest, f.at, f.got = f.rest[n:], f.at+int64(n), f.got+int64(n)
	return n, nil
}

// Seek implements io.Seeker. It only notes where to read: to learn how large a file is its end is
// sought, and nothing is read there.
func (f *remoteFile) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += f.at
	case io.SeekEnd:
		offset += f.about.GetSizeBytes()
	}
	f.at = offset
	return offset, nil
}
