package grpcapi

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/tap"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/limit"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// Limits of a server and of each connection.
const (
	// mostHeaders is for a call's metadata, in bytes.
	mostHeaders = 32 << 10
	// mostStreams is how many calls a connection may have at once; more wait in the client. It is a
	// fraction of mostCalls, so that one connection doesn't keep the others out. REST has several.
	mostStreams = 256
	// mostCalls is how many calls are under way at once, beside mostChecks of the gate's.
	mostCalls  = 2048
	mostChecks = 4096
	// mostLists is how many streams of lists (CheckNumbers) are open at once: each may have a message of
	// up to 4 MiB half received, of which nothing here sees how long it takes.
	mostLists = 64
	// workers are goroutines that carry out one call after the other: one of its own for each call would
	// have to grow its stack each time. Where all are at work a call gets one of its own.
	workers = 64
	// handshake is how long a connection may take to become one of HTTP/2.
	handshake = 10 * time.Second
	// idle is after how long a connection without calls is closed; clients open it anew.
	idle = 15 * time.Minute
)

// limits are what the calls of a server share.
type limits struct {
	memory, gate         *limit.Memory
	calls, checks, lists atomic.Int64
	uploads              *limit.Places
	uploadIdle           time.Duration
	limited              func(by string)
	// single are the methods with one request; arriving are calls to them whose request has not come.
	single   map[string]bool
	arriving arrivals
}

func newLimits(d *Deps) *limits {
	return &limits{memory: d.Memory, gate: limit.NewMemory(gateMemory), uploads: d.Uploads,
		uploadIdle: d.UploadIdle, limited: d.Metrics.Limited, single: map[string]bool{},
		arriving: arrivals{within: 2 * d.UploadIdle, late: func() { d.Metrics.Limited(limitStalled) }}}
}

func (l *limits) options() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.InTapHandle(l.admit),
		grpc.MaxHeaderListSize(mostHeaders),
		grpc.MaxConcurrentStreams(mostStreams),
		grpc.ConnectionTimeout(handshake),
		grpc.NumStreamWorkers(workers),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second,
			PermitWithoutStream: true}),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: idle, Time: time.Minute,
			Timeout: 20 * time.Second}),
	}
}

// admit counts a call before anything of it is read, and lets it in where there is room. It is a
// tap.ServerInHandle.
func (l *limits) admit(ctx context.Context, info *tap.Info) (context.Context, error) {
	under, most := l.under(info.FullMethodName)
	if under.Add(1) > most {
		under.Add(-1)
		l.limited(limitCalls)
		return nil, tooBusy("SERVER_BUSY", "the server carries out as many calls as it can; try again in a moment")
	}
	ended := func() { under.Add(-1) }
	if !l.single[info.FullMethodName] {
		context.AfterFunc(ctx, ended)
		return ctx, nil
	}
	return l.arriving.begin(ctx, ended), nil
}

// under is where a call of a method counts, and how many of them there may be.
func (l *limits) under(method string) (*atomic.Int64, int64) {
	switch {
	case method == pb.GateService_CheckNumbers_FullMethodName:
		return &l.lists, mostLists
	case ofGate(method):
		return &l.checks, mostChecks
	}
	return &l.calls, mostCalls
}

// ofGate tells what must be answered whatever else goes on.
func ofGate(method string) bool {
	service, _, _ := strings.Cut(strings.TrimPrefix(method, "/"), "/")
	return service == pb.GateService_ServiceDesc.ServiceName ||
		service == healthpb.Health_ServiceDesc.ServiceName
}

// unary begins a call with one request.
func (l *limits) unary(ctx context.Context, service string) *weighing {
	return l.weighing(ctx, ofGate(service), mostWeight)
}

func (l *limits) weighing(ctx context.Context, gate bool, most int64) *weighing {
	w := &weighing{ctx: ctx, most: most, share: l.memory.Share(), limited: l.limited}
	if gate {
		w.most, w.share = mostSmall, l.gate.Share()
	}
	return w
}

// stream bounds what the messages of a stream take, and uploads. It is a
// grpc.StreamServerInterceptor.
func (l *limits) stream(
	srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler,
) error {
	most := int64(mostWeight)
	if !info.IsClientStream {
		most = mostSmall
	}
	w := l.weighing(ss.Context(), ofGate(info.FullMethod), most)
	defer w.share.End()
	ss = readableStream{ss, w}
	if info.FullMethod != pb.RecordingService_UploadRecording_FullMethodName {
		return handler(srv, ss)
	}
	place, err := l.uploads.Take()
	if err != nil {
		l.limited(limitUploads)
		return errUploads
	}
	defer place.Leave()
	err = handler(srv, uploadStream{ss, place, l.uploadIdle})
	switch {
	case errors.Is(err, errStalled):
		l.limited(limitStalled)
	case errors.Is(err, errGaveWay):
		l.limited(limitUploads)
	}
	return err
}

// uploadStream ends an upload that sends nothing.
type uploadStream struct {
	grpc.ServerStream
	place *limit.Place
	idle  time.Duration
}

var (
	errUploads = &fault.Error{Op: "recording.Upload", Kind: fault.Exhausted, Reason: "TOO_MANY_UPLOADS",
		Message: "as many recordings are being sent as the server takes at once; send it again in a moment"}
	errGaveWay = &fault.Error{Op: "recording.Upload", Kind: fault.Exhausted, Reason: "TOO_MANY_UPLOADS",
		Message: "nothing came for a while, and others wait to send; send the recording again"}
	errStalled = &fault.Error{Op: "recording.Upload", Kind: fault.Unavailable, Reason: "UPLOAD_STALLED",
		Message: "nothing came for too long; send the recording again"}
)

// RecvMsg implements grpc.ServerStream. Where it gives up, what still reads ends with the call.
func (s uploadStream) RecvMsg(m any) error {
	read := make(chan error, 1)
	go func() { read <- s.ServerStream.RecvMsg(m) }()
	late := time.NewTimer(s.idle)
	defer late.Stop()
	select {
	case err := <-read:
		s.place.Heard()
		return err
	case <-late.C:
		return errStalled
	case <-s.place.Lost():
		return errGaveWay
	}
}
