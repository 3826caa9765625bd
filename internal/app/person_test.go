package app_test

import (
	"archive/zip"
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/internal/apitest"
	"github.com/refrain-asr/refrain/internal/app"
	"github.com/refrain-asr/refrain/internal/backup"
	"github.com/refrain-asr/refrain/internal/config"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const erased, other = "13800138000", "13900139000"

// forms are how the erased number may stand in a file.
func forms() [][]byte {
	var digits [8]byte
	binary.BigEndian.PutUint64(digits[:], 8613800138000)
	return [][]byte{[]byte(erased), []byte("138 0013 8000"), []byte("138-0013-8000"), []byte("１３８００１３８０００"),
		digits[2:]}
}

// grep lists the files below a directory in which the erased number stands in any form.
func grep(tb testing.TB, dir string) (found []string) {
	tb.Helper()
	require.NoError(tb, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, f := range forms() {
			if bytes.Contains(text, f) {
				found = append(found, path+": "+string(f))
			}
		}
		return nil
	}))
	return found
}

func personConfig(dir string) config.Config {
	cfg := testConfig(dir)
	cfg.Privacy.Reveal = []string{"dpo"}
	cfg.Retention.Backups = config.Period(30 * 24 * time.Hour)
	return cfg
}

// uploadErased uploads a recording of the erased person, always the same.
func uploadErased(tb testing.TB, s *server) *pb.UploadRecordingResponse {
	tb.Helper()
	resp, err := s.Upload(tb.Context(), &pb.RecordingMetadata{CallId: "out-" + erased + "-1", Number: erased,
		Agent: "a17", CustomerChannel: pb.Channel_CHANNEL_RIGHT}, bytes.NewReader(sample(tb, refusalSample)))
	require.NoError(tb, err)
	return resp
}

// knownWell has a server know all that it can of the erased person: two recordings, of which one is a
// suspect that was confirmed, calls, a freeze by a rule and one by hand, a complaint, an entry of the
// allow list, and places where it stands in what is said of others.
func knownWell(tb testing.TB, s *server) {
	tb.Helper()
	ctx := as(tb.Context(), "dpo")
	rec := s.final(tb.Context(), tb, uploadErased(tb, s).GetRecording().GetName())
	require.True(tb, rec.GetJudgement().GetSuspect())
	now := time.Now()
	for i, id := range []string{"out-" + erased + "-1", "x1", "x2", "x3"} {
		s.Report(tb, apitest.Rejected(id, "+86"+erased, now.Add(-time.Duration(i+1)*time.Minute)))
	}
	s.Report(tb, apitest.Unanswered("transfer from 138 0013 8000", "+86"+other, now.Add(-time.Hour)))
	for n, reason := range map[string]string{erased: "called +86 138-0013-8000, is angry", other: "wife of " + erased} {
		_, err := s.Freezes.CreateFreeze(ctx, &pb.CreateFreezeRequest{Number: n, Reason: reason})
		require.NoError(tb, err)
	}
	_, err := s.Freezes.ImportComplaints(ctx, &pb.ImportComplaintsRequest{Complaints: []*pb.Complaint{
		{Number: erased, Time: timestamppb.New(now), Source: "12321", Text: "１３８００１３８０００ complains"}}})
	require.NoError(tb, err)
	_, err = s.Freezes.AllowNumber(ctx, &pb.AllowNumberRequest{Number: erased, Reason: erased + " wants a call",
		End: &pb.AllowNumberRequest_Period{Period: durationpb.New(time.Hour)}})
	require.NoError(tb, err)
}

// What is held about a person can be had, and erased: nothing of the number is left in any file, and yet
// nobody calls it again, also after a start, and not by a backup from before.
func TestErasePerson(t *testing.T) {
	t.Parallel()
	ctx := as(t.Context(), "dpo")
	cfg := personConfig(filepath.Join(t.TempDir(), "data"))
	s := start(t, cfg)
	knownWell(t, s)
	require.True(t, s.Ask(t, erased).GetAllowed(), "it is on the allow list")

	saved := filepath.Join(t.TempDir(), "backup")
	_, err := backup.Make(t.Context(), backup.Options{Data: cfg.Data, Dir: saved, WithKey: true, Database: app.Databases{}, Now: time.Now})
	require.NoError(t, err)
	require.NotEmpty(t, grep(t, cfg.Data))

	held := exported(t, s)
	require.Len(t, held.Tables["calls"], 4)
	require.Len(t, held.Tables["complaints"], 1)
	require.NotEmpty(t, held.Tables["transcripts"])
	require.Len(t, held.Audio, 1)

	resp, err := s.People.ErasePerson(ctx, &pb.ErasePersonRequest{Number: erased, Reason: erased + " asked us to"})
	require.NoError(t, err)
	c := resp.GetCertificate()
	require.Empty(t, c.GetRemains())
	require.True(t, c.GetFrozen())
	require.Len(t, c.GetPseudonym(), 64)
	require.Equal(t, 30*24*time.Hour, c.GetBackupsPeriod().AsDuration())
	require.EqualValues(t, 1, c.GetErasedCounts()["recordings"])
	require.EqualValues(t, 4, c.GetErasedCounts()["calls"])
	require.EqualValues(t, 1, c.GetErasedCounts()["suspects"])
	require.Positive(t, c.GetErasedCounts()["transcripts"])
	require.Empty(t, grep(t, cfg.Data), "while the server runs")

	frozen := func(s *server) {
		t.Helper()
		a := s.Ask(t, erased)
		require.False(t, a.GetAllowed())
		require.Equal(t, pb.Answer_REASON_FROZEN, a.GetReason())
		require.Equal(t, []bool{false, false, true}, s.AskAll(t, erased, other, "13700137000"))
		_, err := s.Reserve(t.Context(), "new-call", erased)
		require.NoError(t, err)
		v, err := s.Freezes.VerifyLedger(ctx, &pb.VerifyLedgerRequest{})
		require.NoError(t, err)
		require.Empty(t, v.GetProblems())
	}
	frozen(s)
	listed := freezeList(t, s)
	require.Contains(t, listed, "pseudonym:"+c.GetPseudonym())
	again := uploadErased(t, s)
	require.True(t, again.GetDuplicate())
	require.NotNil(t, again.GetRecording().GetEraseTime())
	results := s.Report(t, apitest.Rejected("x1", "+86"+erased, time.Now()))
	require.Equal(t, pb.CallResult_STATUS_UNCHANGED, results[0].GetStatus())
	require.Empty(t, grep(t, cfg.Data), "nothing came back")
	require.NoError(t, s.stop())
	require.Empty(t, grep(t, cfg.Data), "after the stop")

	s = start(t, cfg)
	frozen(s)
	require.Empty(t, exported(t, s).Tables["calls"])
	t.Run("restored", func(t *testing.T) {
		restored := personConfig(filepath.Join(t.TempDir(), "restored"))
		done, err := backup.Restore(t.Context(), backup.RestoreOptions{Dir: saved, Data: restored.Data, Database: app.Databases{}, Now: time.Now,
			Erasures: []string{filepath.Join(cfg.Data, "erasures.log")}})
		require.NoError(t, err)
		require.Equal(t, 1, done.Erasures)
		require.NotEmpty(t, grep(t, restored.Data))
		r := start(t, restored)
		frozen(r)
		require.Empty(t, grep(t, restored.Data), "the backup knew the person")
		require.True(t, uploadErased(t, r).GetDuplicate())
	})
	released, err := s.Freezes.ReleaseFreeze(ctx, &pb.ReleaseFreezeRequest{Reason: "x",
		Target: &pb.ReleaseFreezeRequest_Number{Number: erased}})
	require.NoError(t, err)
	require.NotEmpty(t, released.GetFreezes())
	require.True(t, s.Ask(t, erased).GetAllowed(), "a freeze without its number can be released")
	for range 2 {
		_, err = s.Freezes.ImportFreezes(ctx, &pb.ImportFreezesRequest{Freezes: []*pb.ImportedFreeze{{Number: "pseudonym:" + c.GetPseudonym()}}})
		require.NoError(t, err)
	}
	require.Len(t, freezeList(t, s), 2, "hers and the other's: a repeated import adds none")
	require.False(t, s.Ask(t, erased).GetAllowed(), "a list that was exported holds the freeze")
}

// freezeList are the numbers of an exported list of freezes.
func freezeList(tb testing.TB, s *server) (numbers []string) {
	tb.Helper()
	stream, err := s.Freezes.ExportFreezes(as(tb.Context(), "dpo"), &pb.ExportFreezesRequest{FullNumbers: true, RevealReason: "the list moves"})
	require.NoError(tb, err)
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return numbers
		}
		require.NoError(tb, err)
		for _, f := range m.GetFreezes() {
			numbers = append(numbers, cmp.Or(f.GetNumber(), f.GetMaskedNumber()))
		}
	}
}

// dossier is person.json.
type dossier struct {
	Tables map[string][]map[string]any
	Audio  []string
}

// exported is what is held about the erased person.
func exported(tb testing.TB, s *server) (d dossier) {
	tb.Helper()
	stream, err := s.People.ExportPerson(as(tb.Context(), "dpo"), &pb.ExportPersonRequest{Number: erased, Reason: "asked to see it"})
	require.NoError(tb, err)
	var all []byte
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(tb, err)
		all = append(all, m.GetChunk()...)
	}
	z, err := zip.NewReader(bytes.NewReader(all), int64(len(all)))
	require.NoError(tb, err)
	f, err := z.Open("person.json")
	require.NoError(tb, err)
	require.NoError(tb, json.NewDecoder(f).Decode(&d))
	for _, id := range d.Audio {
		a, err := z.Open("audio/" + id)
		require.NoError(tb, err)
		wav, err := io.ReadAll(a)
		require.NoError(tb, err)
		require.True(tb, strings.HasPrefix(string(wav), "RIFF"))
	}
	return d
}
