// Package grpcapi speaks the API of proto/refrain/v1: it turns messages into the
// domain's words and back, errors into status codes, and metadata into who acts.
package grpcapi
