package grpcapi

import (
	"archive/zip"
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"google.golang.org/grpc"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/number"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/retention"
)

// Dossiers read all that is held about a person.
type Dossiers interface {
	Dossier(ctx context.Context, n number.Number) (retention.Dossier, error)
}

type personServer struct {
	pb.UnimplementedPersonServiceServer
	Deps
}

// asker is who asks about whom, and why. Who may, their roles say: whoever runs a server that has no key
// yet must be able to erase, too.
func (s *personServer) asker(
	ctx context.Context, op, text, reason string,
) (by string, n number.Number, err error) {
	if by, err = actor(ctx); err != nil {
		return by, n, err
	}
	if err := checkRevealReason(op, "reason", reason); err != nil {
		return by, n, err
	}
	var wrong fault.Fields
	n = parseNumber("number", text, s.Numbers, &wrong)
	return by, n, wrong.Err(op)
}

// ErasePerson implements the API.
func (s *personServer) ErasePerson(
	ctx context.Context, req *pb.ErasePersonRequest,
) (*pb.ErasePersonResponse, error) {
	by, n, err := s.asker(ctx, "retention.ErasePerson", req.GetNumber(), req.GetReason())
	if err != nil {
		return nil, err
	}
	c, err := s.Retention.ErasePerson(ctx, n, by, req.GetReason())
	if err != nil {
		return nil, err
	}
	// without the number, even masked: the log outlives the erasure
	s.Logger.WarnContext(ctx, "person erased", "erasure", c.ID, "frozen", c.Frozen, "left", c.Left, "actor", by)
	return &pb.ErasePersonResponse{Certificate: &pb.Certificate{
		Id: c.ID, MaskedNumber: n.Masked(), EraseTime: timestamp(c.At), Reason: c.Reason, Actor: c.Actor,
		Pseudonym: c.Name, KeyId: c.Key, ErasedCounts: c.Went, AudioBytes: c.AudioBytes, Frozen: c.Frozen,
		Remains: c.Left, BackupsPeriod: optionalDuration(c.Backups),
	}}, nil
}

// ExportPerson implements the API.
func (s *personServer) ExportPerson(
	req *pb.ExportPersonRequest, stream grpc.ServerStreamingServer[pb.ExportPersonResponse],
) error {
	ctx := stream.Context()
	by, n, err := s.asker(ctx, "retention.ExportPerson", req.GetNumber(), req.GetReason())
	if err != nil {
		return err
	}
	s.Logger.WarnContext(ctx, "numbers revealed", "what", "export of a person", "number", n, "actor", by)
	d, err := s.Dossiers.Dossier(ctx, n)
	if err != nil {
		return err
	}
	if d.Erasures, err = s.Retention.ErasuresOf(n); err != nil {
		return err
	}
	out := bufio.NewWriterSize(personPieces{stream}, exportChunk)
	if err := s.writeDossier(ctx, out, d); err != nil {
		return err
	}
	return out.Flush()
}

// writeDossier writes what is held about a person as a ZIP.
func (s *personServer) writeDossier(ctx context.Context, w io.Writer, d retention.Dossier) error {
	z := zip.NewWriter(w)
	about, err := z.Create("person.json")
	if err != nil {
		return err
	}
	e := json.NewEncoder(about)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(d); err != nil {
		return err
	}
	for _, id := range d.Audio {
		if err := s.addAudio(ctx, z, id); err != nil {
			return fmt.Errorf("export the audio of recordings/%s: %w", id, err)
		}
	}
	return z.Close()
}

func (s *personServer) addAudio(ctx context.Context, z *zip.Writer, id string) (err error) {
	f, err := s.Audio.Open(ctx, recording.ID(id))
	if errors.Is(err, fs.ErrNotExist) { // it was erased meanwhile, or its archive is not there
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	to, err := z.CreateHeader(&zip.FileHeader{Name: "audio/" + id, Method: zip.Store})
	if err != nil {
		return err
	}
	_, err = io.Copy(to, f)
	return err
}

// personPieces sends what is written.
type personPieces struct {
	stream grpc.ServerStreamingServer[pb.ExportPersonResponse]
}

// Write implements io.Writer.
func (p personPieces) Write(b []byte) (int, error) {
	for some := range slices.Chunk(b, exportChunk) {
		if err := p.stream.Send(&pb.ExportPersonResponse{Chunk: slices.Clone(some)}); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}
