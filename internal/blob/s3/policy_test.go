package s3_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/blob/blobtest"
	"github.com/refrain-asr/refrain/internal/blob/s3"
	"github.com/refrain-asr/refrain/internal/blob/s3test"
	"github.com/refrain-asr/refrain/recording"
)

// documented are the statements of the policies in docs/security.md, in their order, for a bucket.
func documented(t *testing.T, bucket string) (all [][]map[string]any) {
	t.Helper()
	text, err := os.ReadFile("../../../docs/security.md")
	require.NoError(t, err)
	for _, block := range strings.Split(string(text), "```json\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		if !strings.Contains(block, "arn:aws:s3:::calls") {
			continue
		}
		var policy struct{ Statement []map[string]any }
		require.NoError(t, json.Unmarshal([]byte(strings.ReplaceAll(block, ":::calls", ":::"+bucket)), &policy))
		all = append(all, policy.Statement)
	}
	return all
}

// What the documents let a server and a worker do in the bucket is enough for what they do, and not more.
func TestDocumentedPolicies(t *testing.T) {
	t.Parallel()
	g := s3test.Start(t, true)
	p := newPlace(t, g, true)
	server, worker := p.o, p.o
	server.Credentials, worker.Credentials = g.NewUser(t, "server"), g.NewUser(t, "worker")
	worker.ReadOnly = true
	_, err := opened(t, server).Bind(t.Context(), s3.Claim{Directory: directory})
	requireAway(t, err, recording.StoreRefuses)
	require.ErrorContains(t, err, "docs/security.md")

	policies := documented(t, p.bucket)
	require.Len(t, policies, 2)
	var statements []map[string]any
	for i, who := range []string{"server", "worker"} {
		for _, s := range policies[i] {
			s["Principal"] = map[string]any{"AWS": []string{who}}
			statements = append(statements, s)
		}
	}
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements})
	require.NoError(t, err)
	require.NoError(t, g.Client(t).SetBucketPolicy(t.Context(), p.bucket, string(text)))

	b := bound(t, server)
	id, stray := blobtest.Put(t, b, noise(20<<20)), blobtest.Put(t, b, []byte("stray"))
	require.NoError(t, b.NoteHead(t.Context(), []byte("head")))
	require.NoError(t, b.NoteHead(t.Context(), []byte("a later head")))
	core := minio.Core{Client: g.Client(t)}
	_, err = core.NewMultipartUpload(t.Context(), p.bucket, p.o.Prefix+"cut", minio.PutObjectOptions{})
	require.NoError(t, err)
	swept, err := b.Sweep(t.Context(), blobtest.Among(id), blobtest.Among(), time.Now(), false)
	require.NoError(t, err)
	require.Equal(t, 1, swept.Strayed)

	w := bound(t, worker)
	require.Equal(t, noise(20<<20), blobtest.Get(t, w, id))
	has, err := w.Has(t.Context(), stray)
	require.NoError(t, err)
	require.False(t, has, "what is missing is told from what is refused")
	blob, err := bound(t, func() s3.Options { o := worker; o.ReadOnly = false; return o }()).NewBlob()
	require.NoError(t, err)
	requireAway(t, blob.Commit(t.Context(), blobtest.NewID()), recording.StoreRefuses)
	requireAway(t, w.Remove(t.Context(), id), recording.StoreRefuses)

	require.NoError(t, b.RemoveAll(t.Context(), []string{string(id), string(stray)}))
	require.Equal(t, 2, g.Versions(t, p.bucket, ""), "whose it is, and the head")
}
