package upload

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/files"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// chunkSize is how much of a file one message carries.
const chunkSize = 128 << 10

// Uploader sends files to a server.
type Uploader struct {
	// Client is the connection to the server.
	Client *client.Client
	retry  client.Retrier
	// sent is called with how many bytes of the current file are sent; a repetition starts over.
	sent  func(bytes int64)
	buf   []byte
	now   func() time.Time
	pause func(context.Context, time.Duration) error
}

// New makes an Uploader that waits for a server that restarts, and says so. Sent is called with how
// many bytes of the current file are sent.
func New(c *console.Console, cl *client.Client, sent func(bytes int64)) *Uploader {
	return &Uploader{Client: cl, retry: client.NewRetrier(c, cl), buf: make([]byte, chunkSize),
		sent: sent, now: c.Now, pause: c.Pause}
}

// Upload sends one file, again where the server could not be reached: the same bytes for the same
// call are the same recording, so that does no harm.
func (u *Uploader) Upload(ctx context.Context, it Recording) (*pb.UploadRecordingResponse, error) {
	f, err := files.Open(it.Path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	meta := proto.CloneOf(it.Meta)
	if err := u.steady(ctx, f, meta); err != nil {
		return nil, err
	}
	before, err := lastWritten(f)
	if err != nil {
		return nil, err
	}
	if meta.Sha256, err = sumOf(ctx, it.Path, f, before.size); err != nil {
		return nil, err
	}
	resp, err := u.send(ctx, meta, it.Path, f, before.size)
	if err == nil || client.ReasonOf(err) == "SHA256_MISMATCH" {
		if grown := unchanged(f, before); grown != nil {
			return nil, grown
		}
	}
	return resp, err
}

// UploadSound sends what was opened before, of that size and by a name that may tell its format.
func (u *Uploader) UploadSound(
	ctx context.Context, m *pb.RecordingMetadata, name string, sound io.ReadSeeker, size int64,
) (*pb.UploadRecordingResponse, error) {
	meta := proto.CloneOf(m)
	var err error
	if _, err = sound.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("read it: %w", err)
	}
	if meta.Sha256, err = sumOf(ctx, name, sound, size); err != nil {
		return nil, err
	}
	return u.send(ctx, meta, name, sound, size)
}

// Refer has the server hear a file where it lies, by its absolute path. The server must find the same bytes
// there: on another machine the same path may name another call.
func (u *Uploader) Refer(
	ctx context.Context, m *pb.RecordingMetadata, path string,
) (resp *pb.UploadRecordingResponse, err error) {
	meta := proto.CloneOf(m)
	meta.ArchivePath = path
	f, err := files.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	if meta.Sha256, err = sumOf(ctx, path, f, files.Size(path)); err != nil {
		return nil, err
	}
	err = u.retry.Do(ctx, func() error {
		resp, err = u.stream(ctx, meta, strings.NewReader(""))
		return err
	})
	return resp, err
}

const (
	// busyPauses is how often a recording that is just being heard is tried again, each
	// busyPause later: then the rest of it can follow.
	busyPauses = 5
	busyPause  = 2 * time.Second
)

// send sends metadata and file until the server answers for good.
func (u *Uploader) send(
	ctx context.Context, meta *pb.RecordingMetadata, path string, f io.ReadSeeker,
	size int64,
) (resp *pb.UploadRecordingResponse, err error) {
	for range busyPauses {
		err = u.retry.Do(ctx, func() error {
			if _, err := f.Seek(0, io.SeekStart); err != nil {
				return fmt.Errorf("read it again: %w", err)
			}
			body, err := audio.Named(path, f, size)
			if err != nil {
				return err
			}
			resp, err = u.stream(ctx, meta, body)
			return err
		})
		if client.ReasonOf(err) != client.Busy {
			break
		}
		if err := u.pause(ctx, busyPause); err != nil {
			return nil, err
		}
	}
	return resp, err
}

// sumOf is the SHA-256, in hexadecimal, of what is sent of a file.
func sumOf(ctx context.Context, name string, f io.Reader, size int64) (string, error) {
	body, err := audio.Named(name, files.Reader(ctx, f), size)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	if _, err := io.Copy(h, body); err != nil {
		return "", fmt.Errorf("read it: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// stream sends the metadata and the bytes, once.
func (u *Uploader) stream(
	ctx context.Context, meta *pb.RecordingMetadata, body io.Reader,
) (*pb.UploadRecordingResponse, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // gives the stream up where we leave early
	s, err := u.Client.Recordings.UploadRecording(ctx)
	if err != nil {
		return nil, err
	}
	req := &pb.UploadRecordingRequest{Payload: &pb.UploadRecordingRequest_Metadata{Metadata: meta}}
	chunk := &pb.UploadRecordingRequest_Chunk{}
	for sent := int64(0); ; {
		if err := s.Send(req); errors.Is(err, io.EOF) {
			break // the server has answered early; CloseAndRecv says what
		} else if err != nil {
			return nil, err
		}
		u.sent(sent)
		n, err := io.ReadFull(body, u.buf)
		if n == 0 && errors.Is(err, io.EOF) {
			break
		}
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, fmt.Errorf("read it: %w", err)
		}
		sent += int64(n)
		chunk.Chunk, req = u.buf[:n], &pb.UploadRecordingRequest{Payload: chunk}
	}
	return s.CloseAndRecv()
}

// Watch waits until the recording is done or parked, and gives it as it was last seen.
func (u *Uploader) Watch(ctx context.Context, name string) (*pb.Recording, error) {
	var last *pb.Recording
	err := u.retry.Do(ctx, func() error {
		s, err := u.Client.Recordings.WatchRecording(ctx, &pb.WatchRecordingRequest{Name: name})
		if err != nil {
			return err
		}
		for {
			m, err := s.Recv()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			last = m.GetRecording()
		}
	})
	return last, err
}
