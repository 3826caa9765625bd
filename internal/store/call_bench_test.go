package store_test

import (
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/datadir"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/request"
)

// benchCall is the i-th of many reports, as a dialler with ten lines makes them: to ever
// new numbers, of which one in ten is called again, and one call in eight is rejected.
func benchCall(i int) calls.Call {
	n := i
	if i%10 == 9 {
		n = i - 500
	}
	num, err := number.FromDigits(8613_000_000_000 + uint64(n%1_000_000_000))
	if err != nil {
		panic(err)
	}
	outcome := calls.NoAnswer
	if i%8 == 0 {
		outcome = calls.Rejected
	}
	return calls.Call{ID: fmt.Sprintf("%08x-5b1f-4d3c-9a54-%012x", uint32(i)*2654435761, i),
		Number: num, Agent: fmt.Sprint("agent ", i%200),
		Line: fmt.Sprint("line ", i%10), CallerID: "02112345678",
		Start: time.Now().Add(-time.Minute), Outcome: outcome,
		EndedBy: calls.BySystem, Code: "sip 480", Revision: 1}
}

// reportFrom has b.N calls reported by so many callers, each of which waits for its report before the next.
func reportFrom(b *testing.B, reports *calls.Service, callers int) {
	b.Helper()
	var next, failed atomic.Int64
	b.ResetTimer()
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
				out, err := reports.Report(b.Context(), []calls.Call{benchCall(int(i))})
				if err != nil || out[0].Status != calls.Created {
					failed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	require.Zero(b, failed.Load())
}

// BenchmarkReportCall is how many reports a second are durable, with the rules that come
// with the program, each of so many callers waiting for its report before the next.
func BenchmarkReportCall(b *testing.B) {
	for _, callers := range []int{1, 8, 64} {
		b.Run(fmt.Sprint("callers=", callers), func(b *testing.B) {
			reports := reporting(b, open(b, filepath.Join(b.TempDir(), "refrain.db")))
			reportFrom(b, reports, callers)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reports/s")
		})
	}
}

// BenchmarkReportCalls is the same with many reports a request, from one caller.
func BenchmarkReportCalls(b *testing.B) {
	for _, size := range []int{100, 1000} {
		b.Run(fmt.Sprint("batch=", size), func(b *testing.B) {
			reports := reporting(b, open(b, filepath.Join(b.TempDir(), "refrain.db")))
			i := 0
			batch := make([]calls.Call, size)
			for b.Loop() {
				for j := range batch {
					batch[j] = benchCall(i)
					i++
				}
				_, err := reports.Report(b.Context(), batch)
				require.NoError(b, err)
			}
			b.ReportMetric(float64(i)/b.Elapsed().Seconds(), "reports/s")
		})
	}
}

// BenchmarkCreateFreeze is what one freeze costs, and what of it is to note the ledger's head
// beside the database.
func BenchmarkCreateFreeze(b *testing.B) {
	for _, noted := range []bool{false, true} {
		b.Run(fmt.Sprint("noted=", noted), func(b *testing.B) {
			dir, o := b.TempDir(), options(b)
			if noted {
				notes, err := datadir.OpenNotebook(dir, datadir.Head{})
				require.NoError(b, err)
				defer func() { require.NoError(b, notes.Close()) }()
				o.Entered = func(entries int64, head freeze.MAC) {
					require.NoError(b, notes.Note(datadir.Head{Entries: entries, MAC: head}))
				}
			}
			db, err := store.Open(b.Context(), filepath.Join(dir, "refrain.db"), o)
			require.NoError(b, err)
			defer func() { require.NoError(b, db.Close()) }()
			service := freeze.Service{Store: db.Freezes, Keys: o.Keys, Now: time.Now}
			i := 0
			for b.Loop() {
				_, err := service.Order(b.Context(), request.Request{}, []freeze.Freeze{{
					Number: benchCall(i).Number, Reason: freeze.Manual, Note: "asked us to"}})
				require.NoError(b, err)
				i++
			}
			b.ReportMetric(float64(i)/b.Elapsed().Seconds(), "freezes/s")
		})
	}
}

// BenchmarkCreateFreezes is what an import of a thousand freezes costs.
func BenchmarkCreateFreezes(b *testing.B) {
	service := freeze.Service{Store: open(b, filepath.Join(b.TempDir(), "refrain.db")).Freezes,
		Keys: options(b).Keys, Now: time.Now}
	orders := make([]freeze.Freeze, 1000)
	i := 0
	for b.Loop() {
		for j := range orders {
			orders[j] = freeze.Freeze{Number: benchCall(i).Number, Reason: freeze.Imported,
				Note: "from the old system"}
			i++
		}
		_, err := service.Order(b.Context(), request.Request{}, orders)
		require.NoError(b, err)
	}
	b.ReportMetric(float64(i)/b.Elapsed().Seconds(), "freezes/s")
}
