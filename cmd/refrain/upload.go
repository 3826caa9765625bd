package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"google.golang.org/protobuf/proto"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// chunkSize is how much of a file one message carries.
const chunkSize = 128 << 10

// uploader sends files to a server.
type uploader struct {
	client *client
	retry  retrier
	// sent hears how many bytes of the current file are sent; a repetition starts over.
	sent func(bytes int64)
	buf  []byte
}

// newUploader is one that waits for a server that restarts, and says so. Sent hears how many
// bytes of the current file are sent.
func newUploader(c *console, cl *client, sent func(bytes int64)) *uploader {
	return &uploader{client: cl, retry: newRetrier(c, cl), buf: make([]byte, chunkSize), sent: sent}
}

// upload sends one file, again where the server was away: the same bytes for the same
// call are the same recording, so that does no harm.
func (u *uploader) upload(ctx context.Context, it item) (*pb.UploadRecordingResponse, error) {
	f, err := openFile(it.path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	meta := proto.CloneOf(it.meta)
	if meta.Sha256, err = sumOf(ctx, f); err != nil {
		return nil, err
	}
	var resp *pb.UploadRecordingResponse
	err = u.retry.do(ctx, func() error {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return fmt.Errorf("read it again: %w", err)
		}
		resp, err = u.stream(ctx, meta, f)
		return err
	})
	return resp, err
}

// openFile opens what can be sent: no folder, and nothing that can't be read twice.
func openFile(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return nil, errors.New("it is not a file")
	}
	if err == nil {
		var f *os.File
		if f, err = os.Open(path); err == nil {
			return f, nil
		}
	}
	if p, ok := errors.AsType[*os.PathError](err); ok {
		err = p.Err // the caller names the file
	}
	return nil, err
}

// sumOf is the SHA-256 of f in hexadecimal.
func sumOf(ctx context.Context, f io.Reader) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, contextReader{ctx, f}); err != nil {
		return "", fmt.Errorf("read it: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// contextReader stops reading when its context ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

// stream sends the metadata and the bytes, once.
func (u *uploader) stream(ctx context.Context, meta *pb.RecordingMetadata, body io.Reader) (*pb.UploadRecordingResponse, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // gives the stream up where we leave early
	s, err := u.client.recordings.UploadRecording(ctx)
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

// watch waits until the recording is done or parked.
func (u *uploader) watch(ctx context.Context, name string) (*pb.Recording, error) {
	var last *pb.Recording
	err := u.retry.do(ctx, func() error {
		s, err := u.client.recordings.WatchRecording(ctx, &pb.WatchRecordingRequest{Name: name})
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
