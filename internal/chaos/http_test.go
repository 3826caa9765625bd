package chaos_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"

	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// get fetches a page. What is wrong is told as gRPC would.
func (s *server) get(ctx context.Context, path string) (string, error) {
	b, err := s.ask(ctx, http.MethodGet, path, nil)
	return string(b), err
}

// post calls the API by REST.
func (s *server) post(ctx context.Context, path string, req, resp proto.Message) error {
	body, err := protojson.Marshal(req)
	if err != nil {
		return err
	}
	b, err := s.ask(ctx, http.MethodPost, path, body)
	if err != nil {
		return err
	}
	return protojson.Unmarshal(b, resp)
}

func (s *server) ask(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+s.http+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Refrain-Actor", "chaos")
	if s.key != "" {
		req.Header.Set("Authorization", "Bearer "+string(s.key))
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, gone(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, gone(err)
	}
	if resp.StatusCode == http.StatusOK {
		return b, nil
	}
	var said status.Status
	if protojson.Unmarshal(b, &said) == nil && said.GetCode() != 0 {
		return nil, grpcstatus.FromProto(&said).Err()
	}
	code := codes.Unknown
	switch resp.StatusCode {
	case http.StatusServiceUnavailable:
		code = codes.Unavailable
	case http.StatusTooManyRequests:
		code = codes.ResourceExhausted
	case http.StatusInternalServerError:
		code = codes.Internal
	}
	return nil, grpcstatus.Error(code, resp.Status+": "+string(b))
}

// gone is for a server from which nothing was heard.
func gone(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return grpcstatus.Error(codes.DeadlineExceeded, err.Error())
	}
	return grpcstatus.Error(codes.Unavailable, err.Error())
}
