package replica

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/number"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// BenchmarkSnapshot writes a snapshot of 100,000 freezes in one transaction, and reads it again as a start does. It reports
// how large it is, and how long both take, each a freeze.
func BenchmarkSnapshot(b *testing.B) {
	const n = 100_000
	names := testNames(b)
	all := items(b, names)
	for i := range n {
		num, err := number.FromDigits(8613800000000 + uint64(i))
		require.NoError(b, err)
		name := names.Of(num)
		all = append(all, &pb.FeedItem{Item: &pb.FeedItem_Freeze{Freeze: &pb.FeedFreeze{Id: fmt.Sprintf("01K%023d", i),
			Name: name[:], Reason: "refused", Class: "not_interested", From: timestamppb.New(noon),
			Until: timestamppb.New(noon.Add(60 * 24 * time.Hour)), Sequence: int64(i + 10)}}})
	}
	var wrote, read time.Duration
	var size int64
	for i := range b.N {
		path := filepath.Join(b.TempDir(), fmt.Sprintf("%d.db", i))
		f, err := openFile(b.Context(), path)
		require.NoError(b, err)
		began := time.Now()
		require.NoError(b, f.save(b.Context(), all, testPlace(names)))
		wrote += time.Since(began)
		began = time.Now()
		k, _, err := f.load(b.Context(), names)
		require.NoError(b, err)
		require.Equal(b, n+2, k.table.Len())
		read += time.Since(began)
		require.NoError(b, f.close())
		info, err := os.Stat(path)
		require.NoError(b, err)
		size += info.Size()
	}
	b.ReportMetric(float64(size)/float64(b.N*n), "bytes/freeze")
	b.ReportMetric(wrote.Seconds()*1e6/float64(b.N*n), "write-us/freeze")
	b.ReportMetric(read.Seconds()*1e6/float64(b.N*n), "read-us/freeze")
}
