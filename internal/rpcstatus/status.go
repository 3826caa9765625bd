// Package rpcstatus makes statuses of gRPC of what went wrong, for the API and for what REST answers beside
// it. It is a leaf.
package rpcstatus

import (
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"

	"github.com/refrain-asr/refrain/fault"
)

// Domain is the domain of every ErrorInfo.
const Domain = "refrain-asr.github.io"

// codeOf is the one place where kinds of errors become status codes.
var codeOf = map[fault.Kind]codes.Code{
	fault.Internal:        codes.Internal,
	fault.Invalid:         codes.InvalidArgument,
	fault.NotFound:        codes.NotFound,
	fault.Exists:          codes.AlreadyExists,
	fault.Precondition:    codes.FailedPrecondition,
	fault.Unauthenticated: codes.Unauthenticated,
	fault.Forbidden:       codes.PermissionDenied,
	fault.Exhausted:       codes.ResourceExhausted,
	fault.Unavailable:     codes.Unavailable,
}

// Of is what goes out for a fault.
func Of(e *fault.Error) error {
	info := &errdetails.ErrorInfo{Reason: e.Reason, Domain: Domain, Metadata: e.Meta}
	if info.Reason == "" {
		info.Reason = "UNSPECIFIED"
	}
	details := []protoadapt.MessageV1{info}
	message := e.Message
	if len(e.Fields) > 0 {
		bad := &errdetails.BadRequest{}
		for _, f := range e.Fields {
			bad.FieldViolations = append(bad.FieldViolations,
				&errdetails.BadRequest_FieldViolation{Field: f.Name, Description: f.Problem})
			message += "; " + f.Name + " " + f.Problem
		}
		details = append(details, bad)
	}
	if e.Subject != "" {
		message = e.Subject + ": " + message
	}
	return WithDetails(status.New(codeOf[e.Kind], message), details...)
}

// WithDetails is a status with details, as an error.
func WithDetails(s *status.Status, details ...protoadapt.MessageV1) error {
	if full, err := s.WithDetails(details...); err == nil {
		s = full
	}
	return s.Err()
}
