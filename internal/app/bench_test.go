package app

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/asr/whisper"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/testcall"
	"github.com/refrain-asr/refrain/models"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

func benchConfig(dir string) config.Config {
	c := config.Default()
	c.Speech.Model = "demo"
	c.Data, c.GRPC.Address, c.HTTP.Address = dir, "127.0.0.1:0", "127.0.0.1:0"
	return c
}

// lengths draws the lengths of n calls: 15 to 300 s, with a median of 60 s.
func lengths(n int) []time.Duration {
	r := rand.New(rand.NewPCG(60, 300))
	out := make([]time.Duration, n)
	for i := range out {
		s := 60 * math.Exp(0.8*r.NormFloat64())
		out[i] = time.Duration(min(300, max(15, s)) * float64(time.Second))
	}
	return out
}

// BenchmarkPipeline hears generated calls, in which the customer speaks a quarter of
// the time, with the demo model, as many at once as there are processors. It reports
// how many times faster than real time that is, the encoder's windows for an hour of
// audio, and the share of the work outside whisper.cpp in per cent.
func BenchmarkPipeline(b *testing.B) {
	path, model, err := models.Resolve("", b.TempDir())
	require.NoError(b, err)
	engine, err := whisper.Start(b.Context(), whisper.Config{ModelPath: path, Model: model, States: runtime.NumCPU(), Threads: 1})
	require.NoError(b, err)
	defer func() { _ = engine.Close() }()
	p, err := asr.NewPipeline(engine, asr.Config{Now: time.Now})
	require.NoError(b, err)
	var calls [][]byte
	for i, length := range lengths(24) {
		wav, err := testcall.Make(uint64(i), length)
		require.NoError(b, err)
		calls = append(calls, wav)
	}
	var total asr.Stats
	b.ResetTimer()
	for range b.N {
		for _, s := range hearAll(b, p, calls) {
			total.Audio += s.Audio
			total.Windows += s.Windows
			total.Transcribing += s.Transcribing
			total.Preparing += s.Preparing
		}
	}
	b.ReportMetric(total.Audio.Seconds()/b.Elapsed().Seconds(), "x-realtime")
	b.ReportMetric(float64(total.Windows)/total.Audio.Hours(), "windows/audio-hour")
	b.ReportMetric(100*total.Outside(), "%outside-whisper")
	b.ReportMetric(0, "ns/op")
}

// hearAll hears all calls, one a processor at a time.
func hearAll(b *testing.B, p *asr.Pipeline, calls [][]byte) []asr.Stats {
	b.Helper()
	stats := make([]asr.Stats, len(calls))
	next := make(chan int)
	var wg sync.WaitGroup
	for range runtime.NumCPU() {
		wg.Go(func() {
			for i := range next {
				track, err := audio.OpenTrack(bytes.NewReader(calls[i]), audio.Right)
				if err != nil {
					b.Error(err)
					continue
				}
				if _, stats[i], err = p.Run(b.Context(), asr.Customer, track); err != nil {
					b.Error(err)
				}
				_ = track.Close()
			}
		})
	}
	for i := range calls {
		next <- i
	}
	close(next)
	wg.Wait()
	return stats
}

// discard is an upload service that throws everything away: the fastest there can be.
type discard struct {
	pb.UnimplementedRecordingServiceServer
}

func (discard) UploadRecording(stream grpc.ClientStreamingServer[pb.UploadRecordingRequest, pb.UploadRecordingResponse]) error {
	for {
		if _, err := stream.Recv(); err == io.EOF { //nolint:errorlint // gRPC returns it bare
			return stream.SendAndClose(&pb.UploadRecordingResponse{})
		} else if err != nil {
			return err
		}
	}
}

// BenchmarkUpload uploads five-minute calls, one at a time and four at once: to a bare
// gRPC server that discards them, and to Refrain, which checks them and has them on
// disk before it answers. Jobs do not run meanwhile. x-discard is Refrain's
// throughput as a share of the other's, x-disk as a share of what bare files of the
// same bytes take to be written and synced: neither can be beaten. MB/s are 10^6 bytes.
func BenchmarkUpload(b *testing.B) {
	a, err := New(b.Context(), benchConfig(b.TempDir()), Options{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(b, err)
	defer func() { _ = a.Close() }()
	go func() { _ = a.grpc.Serve(a.grpcListener) }()
	defer a.grpc.Stop()
	bare := grpc.NewServer()
	pb.RegisterRecordingServiceServer(bare, discard{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	go func() { _ = bare.Serve(l) }()
	defer bare.Stop()
	wav, err := testcall.Make(1, 5*time.Minute)
	require.NoError(b, err)

	full, fast := dialBench(b, a.GRPCAddr()), dialBench(b, l.Addr().String())
	call := 0
	for _, streams := range []int{1, 4} {
		b.Run(strconv.Itoa(streams)+"-at-once", func(b *testing.B) {
			var took, floor, disk time.Duration
			dir := b.TempDir()
			for range b.N {
				disk += timeFiles(b, dir, streams, wav)
				floor += timeUploads(b, fast, streams, &call, wav)
				took += timeUploads(b, full, streams, &call, wav)
			}
			mb := float64(len(wav)) * float64(b.N) * float64(streams) / 1e6
			b.ReportMetric(mb/took.Seconds(), "MB/s")
			b.ReportMetric(mb/floor.Seconds(), "discard-MB/s")
			b.ReportMetric(mb/disk.Seconds(), "disk-MB/s")
			b.ReportMetric(floor.Seconds()/took.Seconds(), "x-discard")
			b.ReportMetric(disk.Seconds()/took.Seconds(), "x-disk")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// timeUploads uploads as many calls at once.
func timeUploads(b *testing.B, c pb.RecordingServiceClient, streams int, call *int, wav []byte) time.Duration {
	b.Helper()
	from := time.Now()
	var wg sync.WaitGroup
	for range streams {
		*call++
		id := "bench-" + strconv.Itoa(*call)
		wg.Go(func() {
			if err := uploadBench(b.Context(), c, id, wav); err != nil {
				b.Error(err)
			}
		})
	}
	wg.Wait()
	return time.Since(from)
}

// timeFiles writes and syncs as many files at once.
func timeFiles(b *testing.B, dir string, streams int, wav []byte) time.Duration {
	b.Helper()
	from := time.Now()
	var wg sync.WaitGroup
	for i := range streams {
		wg.Go(func() {
			f, err := os.Create(filepath.Join(dir, strconv.Itoa(i)))
			if err == nil {
				_, err = f.Write(wav)
			}
			if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
				b.Error(err)
			}
		})
	}
	wg.Wait()
	return time.Since(from)
}

func uploadBench(ctx context.Context, c pb.RecordingServiceClient, id string, wav []byte) error {
	stream, err := c.UploadRecording(ctx)
	if err != nil {
		return err
	}
	if err := stream.Send(&pb.UploadRecordingRequest{Payload: &pb.UploadRecordingRequest_Metadata{
		Metadata: &pb.RecordingMetadata{CallId: id, Number: "13800138000"}}}); err != nil {
		return err
	}
	for rest := wav; len(rest) > 0; {
		n := min(len(rest), 128<<10)
		if err := stream.Send(&pb.UploadRecordingRequest{Payload: &pb.UploadRecordingRequest_Chunk{Chunk: rest[:n]}}); err != nil {
			return err
		}
		rest = rest[n:]
	}
	_, err = stream.CloseAndRecv()
	return err
}

func dialBench(b *testing.B, addr string) pb.RecordingServiceClient {
	b.Helper()
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(b, err)
	b.Cleanup(func() { _ = conn.Close() })
	return pb.NewRecordingServiceClient(conn)
}

// BenchmarkStart starts a server on an empty data directory, from the program's
// start to its first answer, and reports the memory of the server and of its speech
// process then.
func BenchmarkStart(b *testing.B) {
	self, err := os.Executable()
	require.NoError(b, err)
	var rss, childRSS float64
	for range b.N {
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), "REFRAIN_TEST_SERVE="+b.TempDir())
		out, err := cmd.StdoutPipe()
		require.NoError(b, err)
		require.NoError(b, cmd.Start())
		addr := make([]byte, 64)
		n, err := out.Read(addr)
		require.NoError(b, err)
		_, err = dialBench(b, strings.TrimSpace(string(addr[:n]))).ListRecordings(context.Background(), &pb.ListRecordingsRequest{})
		require.NoError(b, err)
		b.StopTimer()
		rss += resident(b, cmd.Process.Pid)
		tasks, err := filepath.Glob("/proc/" + strconv.Itoa(cmd.Process.Pid) + "/task/*/children")
		require.NoError(b, err)
		for _, task := range tasks {
			children, err := os.ReadFile(task)
			require.NoError(b, err)
			for pid := range strings.FieldsSeq(string(children)) {
				id, err := strconv.Atoi(pid)
				require.NoError(b, err)
				childRSS += resident(b, id)
			}
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		b.StartTimer()
	}
	b.ReportMetric(rss/float64(b.N), "server-MiB")
	b.ReportMetric(childRSS/float64(b.N), "speech-MiB")
}

// resident is a process's resident memory in MiB.
func resident(b *testing.B, pid int) float64 {
	b.Helper()
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	require.NoError(b, err)
	for line := range strings.Lines(string(status)) {
		if f := strings.Fields(line); len(f) >= 2 && f[0] == "VmRSS:" {
			kib, err := strconv.ParseFloat(f[1], 64)
			require.NoError(b, err)
			return kib / 1024
		}
	}
	return 0
}
