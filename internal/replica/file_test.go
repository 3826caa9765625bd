package replica

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/gate"
	"github.com/refrain-asr/refrain/number"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func testNames(t testing.TB) *freeze.Names {
	t.Helper()
	names, err := freeze.NewNames(bytes.Repeat([]byte{7}, freeze.NameKeySize))
	require.NoError(t, err)
	return names
}

func testNumber(t testing.TB, text string) number.Number {
	t.Helper()
	n, err := number.FromE164(text)
	require.NoError(t, err)
	return n
}

// items are what a server tells at first.
func items(t testing.TB, names *freeze.Names) []*pb.FeedItem {
	t.Helper()
	name := func(text string) []byte { m := names.Of(testNumber(t, text)); return m[:] }
	hash := bytes.Repeat([]byte{3}, 32)
	return []*pb.FeedItem{
		{Item: &pb.FeedItem_Freeze{Freeze: &pb.FeedFreeze{Id: "01J00000000000000000000001", Name: name("+8613800138001"),
			Reason: "refused", Class: "stop_calling", From: timestamppb.New(noon.Add(-time.Hour)), Sequence: 3}}},
		{Item: &pb.FeedItem_Freeze{Freeze: &pb.FeedFreeze{Id: "01J00000000000000000000002", Name: name("+8613800138002"),
			Reason: "manual", From: timestamppb.New(noon), Until: timestamppb.New(noon.Add(time.Minute)), Sequence: 4}}},
		{Item: &pb.FeedItem_Allowance{Allowance: &pb.FeedAllowance{Id: "01J00000000000000000000003",
			Name: name("+8613800138001"), From: timestamppb.New(noon), Until: timestamppb.New(noon.Add(time.Hour)), Sequence: 5}}},
		{Item: &pb.FeedItem_Keys{Keys: &pb.FeedKeys{Keys: []*pb.FeedKey{{Id: "k", Name: "pbx", Role: pb.Role_ROLE_DIALLER,
			Secrets: []*pb.FeedSecret{{Prefix: "refrain_abcdefgh", Hash: hash}}}}}}},
		{Item: &pb.FeedItem_Classes{Classes: &pb.FeedClasses{Classes: []*pb.FeedClass{
			{Id: "stop_calling", SaysZh: "别再打", SaysEn: "stop calling"}}}}},
		{Item: &pb.FeedItem_Rules{Rules: &pb.FeedRules{Versions: []*pb.FeedRuleVersion{
			{Id: "r", Version: calls.Default().Version, ActivateTime: timestamppb.New(noon)}}}}},
		{Item: &pb.FeedItem_Denials{Denials: &pb.FeedDenials{Name: name("+8613800138003"), Denials: []*pb.FeedDenial{
			{Rule: "attempts-a-day", Version: "x", Count: 6, Limit: 6, From: timestamppb.New(noon),
				Until: timestamppb.New(noon.Add(time.Hour)), Window: "calendar day, Asia/Shanghai"}}}}},
	}
}

func testPlace(names *freeze.Names) place {
	return place{installation: "01J", seq: 9, asOf: noon, head: head{5, bytes.Repeat([]byte{9}, 32)},
		names: digestOf(names.Keys()), plan: &pb.NumberPlan{Region: "CN", Prefixes: []string{"9"}}}
}

// What was saved is known again; what was taken back or is over is not, and nobody else may read it.
func TestSnapshot(t *testing.T) {
	t.Parallel()
	names, path := testNames(t), filepath.Join(t.TempDir(), "gate.db")
	f, err := openFile(t.Context(), path)
	require.NoError(t, err)
	k, _, err := f.load(t.Context(), names)
	require.NoError(t, err)
	require.Nil(t, k)
	require.NoError(t, f.save(t.Context(), items(t, names), testPlace(names)))
	_, err = openFile(t.Context(), path)
	require.ErrorContains(t, err, "another gate")
	require.NoError(t, f.close())

	f, err = openFile(t.Context(), path)
	require.NoError(t, err)
	k, at, err := f.load(t.Context(), names)
	require.NoError(t, err)
	require.EqualValues(t, 9, at.seq)
	require.Equal(t, testPlace(names).head, at.head)
	require.Equal(t, []string{"9"}, k.plan.Prefixes)
	require.Len(t, k.keys, 1)
	find := func(k *known, text string) gate.Found {
		return k.table.Find(gate.Ask{Number: testNumber(t, text)}, noon)
	}
	found := find(k, "+8613800138001")
	require.True(t, found.Frozen && found.Allowed)
	require.Equal(t, "stop_calling", found.Freeze.Class)
	require.True(t, find(k, "+8613800138002").Frozen)
	require.Equal(t, 6, find(k, "+8613800138003").Denial.Count)

	all := items(t, names)
	released := proto.CloneOf(all[0])
	released.GetFreeze().ReleaseTime = timestamppb.New(noon)
	erased := &pb.FeedItem{Item: &pb.FeedItem_Erased{Erased: &pb.FeedErased{Name: all[6].GetDenials().GetName()}}}
	later := testPlace(names)
	later.asOf = noon.Add(2 * time.Minute)
	require.NoError(t, f.save(t.Context(), []*pb.FeedItem{released, erased}, later))
	require.NoError(t, f.compact(t.Context()))
	k, _, err = f.load(t.Context(), names)
	require.NoError(t, err)
	for _, n := range []string{"+8613800138001", "+8613800138002", "+8613800138003"} {
		found := find(k, n)
		require.False(t, found.Frozen || found.Denied, n)
	}
	require.NoError(t, f.close())
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	require.False(t, bytes.Contains(raw, all[6].GetDenials().GetName()), "not even his name is left")
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

// What can't be used is set aside, refused or told of; nothing of it is answered from.
func TestSnapshotThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	names := testNames(t)
	t.Run("damaged", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "gate.db")
		require.NoError(t, os.WriteFile(path, bytes.Repeat([]byte("no database "), 1000), 0o600))
		f, err := openFile(t.Context(), path)
		require.NoError(t, err)
		require.NoError(t, f.close())
		require.FileExists(t, path+".damaged")
	})
	t.Run("readable by others", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "gate.db")
		require.NoError(t, os.WriteFile(path, nil, 0o644))
		_, err := openFile(t.Context(), path)
		require.ErrorContains(t, err, "chmod 600")
	})
	t.Run("of other keys", func(t *testing.T) {
		t.Parallel()
		f, err := openFile(t.Context(), filepath.Join(t.TempDir(), "gate.db"))
		require.NoError(t, err)
		defer func() { require.NoError(t, f.close()) }()
		require.NoError(t, f.save(t.Context(), items(t, names), testPlace(names)))
		other, err := freeze.NewNames(bytes.Repeat([]byte{8}, freeze.NameKeySize))
		require.NoError(t, err)
		_, _, err = f.load(t.Context(), other)
		require.ErrorContains(t, err, "other keys")
	})
	t.Run("without rules", func(t *testing.T) {
		t.Parallel()
		f, err := openFile(t.Context(), filepath.Join(t.TempDir(), "gate.db"))
		require.NoError(t, err)
		defer func() { require.NoError(t, f.close()) }()
		require.NoError(t, f.save(t.Context(), items(t, names)[:4], testPlace(names)))
		_, _, err = f.load(t.Context(), names)
		require.ErrorContains(t, err, "lacks the rules")
	})
}

func TestNameKeys(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys")
	none, err := readKeys(path)
	require.NoError(t, err)
	require.Empty(t, none)
	require.NoError(t, writeKeys(path, testNames(t)))
	names, err := readKeys(path)
	require.NoError(t, err)
	require.Len(t, names, 1)
	require.True(t, names[0].Same(testNames(t)))
	require.NoError(t, os.Chmod(path, 0o640))
	_, err = readKeys(path)
	require.ErrorContains(t, err, "chmod 600")
	_, err = parseKeys([]byte("nonsense"))
	require.ErrorContains(t, err, "remove it")
}

// FuzzItem takes whatever might stand in a snapshot, or come from a server, for an item.
func FuzzItem(f *testing.F) {
	for _, item := range items(f, testNames(f)) {
		raw, err := proto.Marshal(item)
		require.NoError(f, err)
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		item := &pb.FeedItem{}
		if proto.Unmarshal(raw, item) != nil {
			return
		}
		b := &builder{known: *newKnown(testNames(t), number.Plan{})}
		if b.add(context.Background(), item) != nil {
			return
		}
		_, _ = over(item)
		require.NotEmpty(t, keyOf(item))
		k := b.end()
		k.table.Find(gate.Ask{Number: testNumber(t, "+8613800138001")}, noon)
	})
}

// FuzzSnapshot opens whatever lies where the snapshot should.
func FuzzSnapshot(f *testing.F) {
	names := testNames(f)
	path := filepath.Join(f.TempDir(), "gate.db")
	file, err := openFile(f.Context(), path)
	require.NoError(f, err)
	require.NoError(f, file.save(f.Context(), items(f, names), testPlace(names)))
	require.NoError(f, file.close())
	raw, err := os.ReadFile(path)
	require.NoError(f, err)
	f.Add(raw)
	f.Add([]byte("SQLite format 3\x00"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		dir := t.TempDir()
		path := filepath.Join(dir, "gate.db")
		require.NoError(t, os.WriteFile(path, raw, 0o600))
		require.NoError(t, writeKeys(path+".key", names))
		r, err := Open(t.Context(), Options{File: path, KeyFile: path + ".key", Now: func() time.Time { return noon },
			Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			return
		}
		r.Find(gate.Ask{Number: testNumber(t, "+8613800138001")}, noon)
		r.State()
		_ = r.Close(t.Context())
	})
}

// FuzzNameKeys reads whatever lies where the keys should.
func FuzzNameKeys(f *testing.F) {
	f.Add(formatKeys(testNames(f)))
	f.Add(formatKeys(testNames(f), testNames(f)))
	f.Add([]byte(keyMark))
	f.Fuzz(func(t *testing.T, raw []byte) {
		names, err := parseKeys(raw)
		if err != nil {
			return
		}
		again, err := parseKeys(formatKeys(names...))
		require.NoError(t, err)
		require.Len(t, again, len(names))
		for i := range names {
			require.True(t, names[i].Same(again[i]))
		}
	})
}
