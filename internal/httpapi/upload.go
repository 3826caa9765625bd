package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const (
	// uploadChunk is how much of a file is held in memory, in bytes.
	uploadChunk = 32 << 10
	// maxFact is the longest field of a form that goes with a file, in bytes; maxFacts is how
	// many there may be.
	maxFact  = 4 << 10
	maxFacts = 40
)

// uploads takes recordings from recorders that have no more than curl.
type uploads struct {
	recordings pb.RecordingServiceClient
	rest       *runtime.ServeMux
}

// ServeHTTP answers POST /v1/recordings. The body is the file, and the call's particulars stand in
// the address; or it is a form (multipart/form-data) with them first and the file last. They are
// named as in the API's RecordingMetadata. The answer is that of UploadRecording: with 200 audio
// and job are on disk.
func (u uploads) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx := runtime.NewServerMetadataContext(r.Context(), runtime.ServerMetadata{})
	_, marshaler := runtime.MarshalerForRequest(u.rest, r)
	resp, err := u.take(onBehalf(ctx, r), r)
	if err != nil {
		runtime.HTTPError(ctx, u.rest, marshaler, w, r, insufficient(err))
		return
	}
	// What was known before all of it was read is a duplicate. Whoever sends the rest must be let
	// do so, or would lose the answer.
	_, _ = io.Copy(io.Discard, r.Body)
	runtime.ForwardResponseMessage(ctx, u.rest, marshaler, w, r, resp)
}

func (u uploads) take(ctx context.Context, r *http.Request) (*pb.UploadRecordingResponse, error) {
	if coding := r.Header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		return nil, refusal("Content-Encoding", "is "+strconv.Quote(coding)+"; send the file as it is")
	}
	facts := r.URL.Query()
	file, err := bodyOf(r, facts)
	if err != nil {
		return nil, err
	}
	meta, err := metadataOf(facts)
	if err != nil {
		return nil, err
	}
	return u.send(ctx, meta, file)
}

// body is a file that is being sent. Its end is the request's.
type body struct {
	io.Reader
	// ended is nil where nothing may stand behind the file; it reports what does.
	ended func() error
	// abort lets nobody wait for more of it; spare ends that.
	abort, spare func()
}

// bodyOf finds the file, and adds what a form says before it to the facts.
func bodyOf(r *http.Request, facts url.Values) (body, error) {
	abort, spare := func() {}, func() {}
	if paced, ok := r.Body.(*pacedBody); ok {
		abort, spare = paced.abort, paced.spare
	}
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "multipart/form-data" {
		return body{Reader: r.Body, abort: abort, spare: spare}, nil
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return body{}, errForm(err)
	}
	for range maxFacts {
		part, err := parts.NextRawPart()
		switch {
		case errors.Is(err, io.EOF):
			return body{}, refusal("file", "is missing; a form ends with it, such as -F file=@call.wav")
		case err != nil:
			return body{}, errForm(err)
		case part.FileName() != "" || part.FormName() == "file":
			return body{part, func() error { return lastPart(parts) }, abort, spare}, nil
		}
		if err := addFact(facts, part); err != nil {
			return body{}, err
		}
	}
	return body{}, refusal("file", fmt.Sprintf("stands behind more than %d fields", maxFacts))
}

func addFact(facts url.Values, part *multipart.Part) error {
	text, err := io.ReadAll(io.LimitReader(part, maxFact+1))
	switch name := part.FormName(); {
	case err != nil:
		return errForm(err)
	case len(text) > maxFact:
		return refusal(shortName(name), fmt.Sprintf("has more than %d bytes; the file's field is "+
			"called file", maxFact))
	case !utf8.Valid(text), !utf8.ValidString(name):
		return refusal(shortName(name), "is not UTF-8")
	default:
		facts.Add(name, string(text))
		return nil
	}
}

func lastPart(parts *multipart.Reader) error {
	part, err := parts.NextRawPart()
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return errForm(err)
	}
	return refusal(shortName(part.FormName()), "stands behind the file; put the file last")
}

// errForm tells of a form that breaks off or is none.
func errForm(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return stalled()
	}
	return status.Error(codes.InvalidArgument, "the form can't be read: "+err.Error())
}

// shortName is what an error can show of a name from outside.
func shortName(name string) string { return fmt.Sprintf("%.40q", name) }

// metadataOf reads the facts, which are named as the API names them.
func metadataOf(facts url.Values) (*pb.RecordingMetadata, error) {
	known, values := (&pb.RecordingMetadata{}).ProtoReflect().Descriptor(), map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(facts)) {
		field := fieldOf(known, name)
		if field == nil {
			return nil, refusal(shortName(name), "is no parameter of an upload; there are "+
				listed(fieldNames(known)))
		}
		plain := string(field.Name())
		if _, twice := values[plain]; twice || len(facts[name]) > 1 {
			return nil, refusal(plain, "is given twice")
		}
		values[plain] = facts.Get(name)
	}
	f := form{value: func(name string) string { return values[name] }}
	m := &pb.RecordingMetadata{
		CallId: values["call_id"], Part: values["part"], Number: unplussed(values["number"]),
		Agent: values["agent"], Source: values["source"], Line: values["line"],
		ReplaceReason: values["replace_reason"],
		Sha256:        values["sha256"], RequestId: values["request_id"], ArchivePath: values["archive_path"],
		CustomerChannel: pb.Channel(read(&f, "customer_channel", "channel: left, right or mono",
			oneOf("CHANNEL_", pb.Channel_value))),
		Priority: pb.Priority(read(&f, "priority", "priority: live, backlog or rejudge",
			oneOf("PRIORITY_", pb.Priority_value))),
		StartTime:    read(&f, "start_time", "time in RFC 3339, such as 2026-03-02T01:00:00Z", timeOf),
		AnswerOffset: read(&f, "answer_offset", "duration, such as 5.2s", offsetOf),
		UnfinishedOk: read(&f, "unfinished_ok", "true or false", strconv.ParseBool),
		Virtual:      read(&f, "virtual", "true or false", strconv.ParseBool),
	}
	if f.err != nil {
		return nil, status.Error(codes.InvalidArgument, "the request is not valid; "+f.err.Error())
	}
	return m, nil
}

// offsetOf reads a duration, or seconds.
func offsetOf(text string) (*durationpb.Duration, error) {
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		text += "s"
	}
	d, err := time.ParseDuration(text)
	return durationpb.New(d), err
}

// send passes the file on to the API as it comes. What breaks off on the way breaks the upload
// off, so that nothing of it is kept.
func (u uploads) send(
	ctx context.Context, meta *pb.RecordingMetadata, file body,
) (*pb.UploadRecordingResponse, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := u.recordings.UploadRecording(ctx)
	if err != nil {
		return nil, err
	}
	// The API may answer before all has come, also where nothing comes any more.
	type answer struct {
		resp *pb.UploadRecordingResponse
		err  error
	}
	answered := make(chan answer, 1)
	go func() {
		resp := &pb.UploadRecordingResponse{}
		err := stream.RecvMsg(resp)
		answered <- answer{resp, err}
		file.abort()
	}()
	err = u.pass(stream, meta, file)
	file.spare()
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, errAborted) {
		return nil, err
	}
	if err := stream.CloseSend(); err != nil {
		return nil, err
	}
	a := <-answered // where sending failed, it says why
	if a.err != nil {
		return nil, a.err
	}
	return a.resp, nil
}

// pass sends what comes. It gives io.EOF or errAborted where the API has answered already.
func (u uploads) pass(
	stream pb.RecordingService_UploadRecordingClient, meta *pb.RecordingMetadata, file body,
) error {
	err := stream.Send(&pb.UploadRecordingRequest{
		Payload: &pb.UploadRecordingRequest_Metadata{Metadata: meta}})
	for buf, done := make([]byte, uploadChunk), false; err == nil && !done; {
		n, readErr := fill(buf, file)
		switch done = errors.Is(readErr, io.EOF); {
		case done, readErr == nil:
		case errors.Is(readErr, errAborted):
			return errAborted
		case errors.Is(readErr, os.ErrDeadlineExceeded):
			return stalled()
		default:
			return status.Error(codes.InvalidArgument, "the file broke off, and nothing of it was "+
				"kept: "+readErr.Error())
		}
		if n > 0 {
			err = stream.Send(&pb.UploadRecordingRequest{
				Payload: &pb.UploadRecordingRequest_Chunk{Chunk: buf[:n]}})
		}
	}
	if err == nil && file.ended != nil {
		return file.ended()
	}
	return err
}

// linger is how long bytes of a file wait for more: what trickles is no file that says nothing.
const linger = 250 * time.Millisecond

// fill reads until the buffer is full, or something came and linger is over. It is io.ReadFull,
// except that a file that ends (io.EOF) can be told from one that breaks off.
func fill(buf []byte, from io.Reader) (n int, err error) {
	for began := time.Now(); n < len(buf) && err == nil && (n == 0 || time.Since(began) < linger); {
		var more int
		more, err = from.Read(buf[n:])
		n += more
	}
	return n, err
}
