package grpcapi

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/apitest"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// Numbers are found by what people have of them; by digits alone only by those who may see them in full.
func TestFindNumbers(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	find := func(ctx context.Context, query string) (found []string, why string) {
		resp, err := f.Reveal.ListNumbers(ctx, &pb.ListNumbersRequest{Query: query})
		for _, m := range resp.GetMatches() {
			require.Contains(t, m.GetMaskedNumber(), "****")
			found = append(found, m.GetBy().String()[3:]+" "+m.GetName())
		}
		return found, apitest.Reason(err)
	}
	for _, tt := range []struct {
		who   context.Context
		query string
		want  []string
		why   string
	}{
		{f.supervisor, "8001", []string{"LAST_DIGITS " + f.decided.GetDecision().GetFreeze()}, ""},
		{f.supervisor, " 38001 ", []string{"LAST_DIGITS " + f.decided.GetDecision().GetFreeze()}, ""},
		{f.supervisor, "48001", nil, ""},
		{f.supervisor, "001", nil, "INVALID_REQUEST"},
		{f.reviewer, "8001", nil, "NOT_PERMITTED"},
		{f.reviewer, theNumber, []string{"NUMBER "}, ""},
		{f.reviewer, "call-1", []string{"CALL " + f.open.GetRecording()}, ""},
		{f.reviewer, f.decided.GetShortId(), []string{"SUSPECT " + f.decided.GetName()}, ""},
		{f.reviewer, f.decided.GetName(), []string{"SUSPECT " + f.decided.GetName()}, ""},
		{f.reviewer, "no-such-call", nil, ""},
		{f.reviewer, " ", nil, "INVALID_REQUEST"},
		{f.onLine, theNumber, nil, "LINE_NOT_PERMITTED"},
		{f.dialler, theNumber, nil, "NOT_PERMITTED"},
	} {
		found, why := find(tt.who, tt.query)
		require.Equal(t, tt.why, why, tt.query)
		require.Equal(t, tt.want, found, tt.query)
	}
	told, err := f.Audit.ListEntries(f.admin, &pb.ListEntriesRequest{Filter: &pb.AuditFilter{Action: "reveal"}})
	require.NoError(t, err)
	require.Len(t, told.GetEntries(), 2, "that more was asked for than the 4 digits that everybody sees")
	require.Equal(t, "boss", told.GetEntries()[0].GetActor())
}

// Digits that a number may end in find it, also where they are a landline's with its area code or a service's; that is
// found, too, and by whoever sees numbers masked as before.
func TestFindNumbersByWhatCouldBeAnother(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	frozen := map[string]string{}
	for _, n := range []string{"13103234567", "03103234567", "13467950025", "13816003081"} {
		resp, err := f.Freezes.CreateFreeze(f.supervisor, &pb.CreateFreezeRequest{Number: n, Reason: "asked by letter"})
		require.NoError(t, err)
		frozen[n] = "LAST_DIGITS " + resp.GetFreeze().GetName()
	}
	for _, tt := range []struct {
		who   context.Context
		query string
		want  []string
	}{
		{f.supervisor, "3103234567", []string{"NUMBER ", frozen["13103234567"]}},
		{f.supervisor, "103234567", []string{frozen["03103234567"], frozen["13103234567"]}},
		{f.supervisor, "03103234567", []string{"NUMBER "}},
		{f.supervisor, "0310-3234567", []string{"NUMBER "}},
		{f.supervisor, "2132345678", []string{"NUMBER "}},
		{f.supervisor, "467950025", []string{"NUMBER ", frozen["13467950025"]}},
		{f.supervisor, "16003081", []string{"NUMBER ", frozen["13816003081"]}},
		{f.reviewer, "3103234567", []string{"NUMBER "}},
	} {
		resp, err := f.Reveal.ListNumbers(tt.who, &pb.ListNumbersRequest{Query: tt.query})
		require.NoError(t, err, tt.query)
		var got []string
		for _, m := range resp.GetMatches() {
			got = append(got, m.GetBy().String()[3:]+" "+m.GetName())
		}
		require.Equal(t, tt.want, got, tt.query)
	}
}

// What one answer has no room for comes page by page.
func TestFindNumbersPageByPage(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	for i := range 5 {
		_, err := f.Freezes.CreateFreeze(f.supervisor, &pb.CreateFreezeRequest{Number: fmt.Sprintf("137000%d9009", i),
			Reason: "asked by letter"})
		require.NoError(t, err)
	}
	req := &pb.ListNumbersRequest{Query: "9009", PageSize: 2}
	seen := map[string]bool{}
	var pages []int
	for {
		resp, err := f.Reveal.ListNumbers(f.supervisor, req)
		require.NoError(t, err)
		pages = append(pages, len(resp.GetMatches()))
		for _, m := range resp.GetMatches() {
			seen[m.GetName()] = true
		}
		if req.PageToken = resp.GetNextPageToken(); req.GetPageToken() == "" {
			break
		}
		_, err = f.Reveal.ListNumbers(f.supervisor, &pb.ListNumbersRequest{Query: "9999", PageToken: req.GetPageToken()})
		require.Equal(t, "INVALID_REQUEST", apitest.Reason(err), "it is another's")
		_, err = f.Reveal.ListNumbers(f.reviewer, req)
		require.Equal(t, "NOT_PERMITTED", apitest.Reason(err))
	}
	require.Equal(t, []int{2, 2, 1}, pages)
	require.Len(t, seen, 5)
	_, err := f.Reveal.ListNumbers(f.supervisor, &pb.ListNumbersRequest{Query: "9009", PageSize: -1})
	require.Equal(t, "INVALID_REQUEST", apitest.Reason(err))
}
