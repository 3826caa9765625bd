package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/refrain-asr/refrain/internal/app"
	"github.com/refrain-asr/refrain/internal/backup"
	"github.com/refrain-asr/refrain/internal/blob/s3test"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/secret"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// bucketEnv has a server in a process of its own keep audio in a bucket: config.S3 in JSON.
const bucketEnv = "REFRAIN_TEST_BUCKET"

// bucket is one that a server keeps audio in, behind a proxy.
type bucket struct {
	g     *s3test.Gateway
	proxy *s3test.Proxy
	is    config.S3
}

func newBucket(t testing.TB) bucket {
	t.Helper()
	b := bucket{g: s3test.Start(t, true)}
	b.proxy = s3test.Before(t, b.g.Addr)
	keys, err := s3test.Credentials(t.Context())
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "s3")
	require.NoError(t, os.WriteFile(file, keys, 0o600))
	b.is = config.S3{Endpoint: b.g.URL(b.proxy.Addr()).String(), Bucket: b.g.NewBucket(t, true), Prefix: "refrain/",
		Region: s3test.Region, Addressing: "auto", Credentials: secret.Source{File: file}}
	return b
}

// config is that of a server which keeps audio there.
func (b bucket) config(dir string) config.Config {
	c := testConfig(dir)
	c.Audio.S3 = b.is
	return c
}

// names are those of all that lies there, but for what says whose it is.
func (b bucket) names(t *testing.T) (names []string) {
	t.Helper()
	for _, name := range b.g.Names(t, b.is.Bucket, b.is.Prefix) {
		if name != "refrain.json" && name != "ledger.head" && !strings.HasPrefix(name, "erasures/") {
			names = append(names, name)
		}
	}
	return names
}

// bucketBeats has a server look at its bucket whenever the test says so.
type bucketBeats chan time.Time

func (b bucketBeats) every(o *app.Options) {
	o.Every = func(d time.Duration) (<-chan time.Time, func()) {
		if d == 3*time.Second {
			return b, func() {}
		}
		return nil, func() {}
	}
}

func (b bucketBeats) beat() {
	b <- time.Now()
	b <- time.Now() // the first one is worked off
}

// nameIn is what a recording is called in a bucket.
func nameIn(rec *pb.Recording) string {
	id := strings.TrimPrefix(rec.GetName(), "recordings/")
	return id[24:] + "/" + id
}

// A server does with a bucket all that it does with a directory: it takes audio, hears it, plays it back and
// erases it, with all versions of it.
func TestAudioInABucket(t *testing.T) {
	t.Parallel()
	ctx := as(t.Context(), "dpo")
	b := newBucket(t)
	cfg := b.config(t.TempDir())
	s := start(t, cfg)
	wav := sample(t, refusalSample)
	rec := s.send(ctx, t, meta(1), wav)
	require.Equal(t, pb.Recording_STATE_DONE, rec.GetState())
	require.NotEmpty(t, rec.GetJudgement().GetSuspectName(), "it was heard")
	other := s.send(ctx, t, meta(2), sample(t, interestedSample))
	require.ElementsMatch(t, []string{nameIn(rec), nameIn(other)}, b.names(t))
	require.Zero(t, countFiles(t, filepath.Join(cfg.Data, "audio")), "nothing of it is here")
	for _, span := range []struct{ offset, length int64 }{{0, 0}, {44, 10}, {300_000, 0}} {
		_, file, err := s.audio(ctx, &pb.GetRecordingAudioRequest{Name: rec.GetName(), Offset: span.offset, Length: span.length})
		require.NoError(t, err)
		want := wav[span.offset:]
		if span.length > 0 {
			want = want[:span.length]
		}
		require.True(t, bytes.Equal(want, file))
	}
	_, clip, err := s.audio(ctx, &pb.GetRecordingAudioRequest{Name: rec.GetName(), Side: pb.Side_SIDE_CUSTOMER})
	require.NoError(t, err)
	require.NotEmpty(t, clip)
	again, err := s.Upload(ctx, meta(1), bytes.NewReader(wav))
	require.NoError(t, err)
	require.True(t, again.GetDuplicate())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.app.HTTPAddr()+"/v1/"+rec.GetName()+"/audio", http.NoBody)
	require.NoError(t, err)
	req.Header.Set("Refrain-Actor", "li")
	req.Header.Set("Range", "bytes=-7")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, wav[len(wav)-7:], body)
	require.NoError(t, s.stop())

	s = start(t, cfg)
	_, file, err := s.audio(ctx, &pb.GetRecordingAudioRequest{Name: rec.GetName()})
	require.NoError(t, err)
	require.True(t, bytes.Equal(wav, file), "after a restart")
	_, err = s.People.ErasePerson(ctx, &pb.ErasePersonRequest{Number: meta(1).GetNumber(), Reason: "asked us to"})
	require.NoError(t, err)
	require.Equal(t, []string{nameIn(other)}, b.names(t))
	require.Equal(t, 3, b.g.Versions(t, b.is.Bucket, ""), "the other's, who was erased, and whose the bucket is: the ledger has no entry")

	saved := filepath.Join(t.TempDir(), "backup")
	made, err := backup.Make(t.Context(), backup.Options{Data: cfg.Data, Dir: saved, WithKey: true, Database: app.Databases{}, Now: time.Now})
	require.NoError(t, err)
	require.NotEmpty(t, made.Bucket)
	require.Empty(t, made.Missing)
	v, err := backup.Verify(t.Context(), backup.VerifyOptions{Dir: saved, Database: app.Databases{}})
	require.NoError(t, err)
	require.Empty(t, v.Wrong)
	require.NoError(t, s.stop())
	restored := filepath.Join(t.TempDir(), "restored")
	_, err = backup.Restore(t.Context(), backup.RestoreOptions{Dir: saved, Data: restored, KeepAccess: true, Database: app.Databases{}, Now: time.Now})
	require.NoError(t, err)
	require.Contains(t, refused(t, testConfig(restored)), "other-bucket", "its audio lies in the bucket")
	cfg.Data = restored
	s = start(t, cfg)
	_, _, err = s.audio(ctx, &pb.GetRecordingAudioRequest{Name: other.GetName()})
	require.NoError(t, err, "and is found there again")
}

// While the bucket is away uploads are refused, and all else goes on; what is to be heard waits.
func TestBucketIsAway(t *testing.T) {
	t.Parallel()
	ctx := as(t.Context(), "ops")
	b, look := newBucket(t), make(bucketBeats)
	s := start(t, b.config(t.TempDir()), look.every)
	wav := sample(t, refusalSample)
	s.send(ctx, t, meta(1), wav)
	s.freezeAll(t, "13800138111")
	b.proxy.Down()
	_, err := s.Upload(ctx, meta(2), bytes.NewReader(wav))
	requireStatus(t, err, codes.Unavailable, "AUDIO_STORE_UNAVAILABLE")
	require.ErrorContains(t, err, "s3://"+b.is.Bucket+"/refrain/")
	look.beat()
	s.requireReady(t, "gate", "review")
	_, text := s.text(t, "/readyz/intake")
	require.Contains(t, text, "the bucket that keeps audio")
	require.False(t, s.allowed(t, "13800138111"))
	require.True(t, s.allowed(t, "13800138112"))
	require.NoError(t, s.report(t, "reported"))
	require.NoError(t, s.reserve(t, "reserved"))
	b.proxy.Up(t)
	look.beat()
	s.requireReady(t, "intake", "gate", "review")
	require.Equal(t, pb.Recording_STATE_DONE, s.send(ctx, t, meta(2), wav).GetState())
}

// A server starts without its bucket, for the diallers' sake, and takes audio once it has seen it. What was to be
// erased is erased then.
func TestStartWithoutTheBucket(t *testing.T) {
	t.Parallel()
	ctx := as(t.Context(), "dpo")
	b, look := newBucket(t), make(bucketBeats)
	cfg := b.config(t.TempDir())
	s := start(t, cfg)
	wav := sample(t, refusalSample)
	s.send(ctx, t, meta(1), wav)
	s.freezeAll(t, "13800138111")
	require.NoError(t, s.app.Exec(ctx, `UPDATE recordings SET erased_at = 1`))
	require.NoError(t, s.stop())
	require.Len(t, b.names(t), 1)
	b.proxy.Down()
	s = start(t, cfg, look.every)
	s.requireReady(t, "gate", "review")
	require.False(t, s.allowed(t, "13800138111"))
	_, err := s.Upload(ctx, meta(2), bytes.NewReader(wav))
	requireStatus(t, err, codes.Unavailable, "AUDIO_STORE_UNAVAILABLE")
	look.beat()
	s.requireReady(t, "gate", "review")
	b.proxy.Up(t)
	look.beat()
	s.requireReady(t, "intake", "gate", "review")
	require.Empty(t, b.names(t))
	s.send(ctx, t, meta(2), wav)
	require.Len(t, b.names(t), 1)
}

// What is not the bucket of before is refused, and so is a directory without it.
func TestOtherBucket(t *testing.T) {
	t.Parallel()
	b := newBucket(t)
	cfg := b.config(t.TempDir())
	s := start(t, cfg)
	rec := s.send(as(t.Context(), "li"), t, meta(1), sample(t, refusalSample))
	require.NoError(t, s.stop())

	other := cfg
	other.Audio.S3.Prefix = "another/"
	require.Contains(t, refused(t, other), "says nothing of whose it is")
	require.Empty(t, b.g.Names(t, b.is.Bucket, "another/"), "nothing is made there")
	none := testConfig(cfg.Data)
	require.Contains(t, refused(t, none), "set audio.s3 as it was")
	stranger := b.config(t.TempDir())
	require.Contains(t, refused(t, stranger), "belongs to another data directory")
	missing := cfg
	missing.Audio.S3.Bucket = "missing"
	require.Contains(t, refused(t, missing), "there is no such bucket")
	require.Equal(t, []string{nameIn(rec)}, b.names(t))

	// A directory with audio of its own is not forgotten for a bucket.
	here := testConfig(t.TempDir())
	s = start(t, here)
	s.send(as(t.Context(), "li"), t, meta(1), sample(t, refusalSample))
	require.NoError(t, s.stop())
	here.Audio.S3 = other.Audio.S3
	require.Contains(t, refused(t, here), "copy them there under the same names")
	here.Accept = []string{"other-bucket"}
	s = start(t, here)
	require.NoError(t, s.stop())
}

// A data directory that is put back as a whole, with the head in it, is found out by the bucket.
func TestBucketKnowsTheLedger(t *testing.T) {
	t.Parallel()
	b := newBucket(t)
	cfg := b.config(t.TempDir())
	s := start(t, cfg)
	s.freezeAll(t, "13800138111")
	require.NoError(t, s.stop())
	old := cfg
	old.Data = copyDir(t, cfg.Data)
	s = start(t, cfg)
	s.freezeAll(t, "13800138112", "13800138113")
	require.NoError(t, s.stop())
	require.Contains(t, refused(t, old), "its ledger has 1 entries, while 3 were noted in s3://"+b.is.Bucket)
	old.Accept = []string{"older-database"}
	s = start(t, old)
	s.freezeAll(t, "13800138114", "13800138115", "13800138116")
	require.NoError(t, s.stop())
	require.Contains(t, refused(t, cfg), "older than its bucket knows it")
	s = start(t, old)
	s.freezeAll(t, "13800138117")
	require.NoError(t, s.stop())
	require.LessOrEqual(t, b.g.Versions(t, b.is.Bucket, ""), 2, "no former heads are kept")
	s = start(t, old)
	require.False(t, s.allowed(t, "13800138117"))
}

// A server that is killed between object and row, or between row and the object's removal, leaves no row
// without its object, and nothing that was to go.
func TestKillBesideABucket(t *testing.T) {
	t.Parallel()
	ctx := as(t.Context(), "dpo")
	b := newBucket(t)
	dir := t.TempDir()
	env, err := json.Marshal(b.is)
	require.NoError(t, err)
	acknowledged := 0
	for round := range 3 {
		p := spawn(t, dir, bucketEnv+"="+string(env))
		before := len(b.names(t))
		sent, wav := make(chan error, 1), call(t, uint64(round), 20*time.Second)
		go func() {
			_, err := p.Upload(ctx, meta(round), bytes.NewReader(wav))
			sent <- err
		}()
		require.Eventually(t, func() bool { return len(b.names(t)) > before }, time.Minute, time.Millisecond)
		p.kill(t) // the object is there, the row perhaps
		if <-sent == nil {
			acknowledged++
		}
	}
	s := start(t, b.config(dir), func(o *app.Options) { o.Now = func() time.Time { return time.Now().Add(3 * time.Hour) } })
	list, err := s.Recordings.ListRecordings(ctx, &pb.ListRecordingsRequest{})
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(list.GetRecordings()), acknowledged)
	strays := 0
	for _, name := range b.names(t) {
		if strings.HasPrefix(name, "stray/") {
			strays++
		}
	}
	require.Equal(t, 3, len(list.GetRecordings())+strays, "each has its row, or is a stray")
	for _, rec := range list.GetRecordings() {
		_, _, err := s.audio(ctx, &pb.GetRecordingAudioRequest{Name: rec.GetName()})
		require.NoError(t, err, "no row is without its object")
	}
	require.NoError(t, s.stop())

	p := spawn(t, dir, bucketEnv+"="+string(env))
	resp, err := p.Upload(ctx, meta(77), bytes.NewReader(call(t, 77, 20*time.Second)))
	require.NoError(t, err)
	name := nameIn(resp.GetRecording())
	require.Contains(t, b.names(t), name)
	b.proxy.Down()
	within, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	_, err = p.People.ErasePerson(within, &pb.ErasePersonRequest{Number: meta(77).GetNumber(), Reason: "asked us to"})
	require.Error(t, err, "its audio can't be removed")
	p.kill(t)
	b.proxy.Up(t)
	require.Contains(t, b.names(t), name)
	p = spawn(t, dir, bucketEnv+"="+string(env))
	require.NotContains(t, b.names(t), name, "the start ended what was begun")
	p.kill(t)
}
