package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/keywords"
)

// hits hides in the hits that rest on a transcript which is written over what is hidden in it: a hit may
// have but a part of the number.
func (r *redaction) hits(ctx context.Context, t *writeTx, w *walk, before []any, set map[int]any) error {
	at := func(column string) int { return slices.Index(w.columns, column) }
	switch w.table {
	case "transcripts":
		was, is, ok := segmentsOf(before[at("transcript")], set[at("transcript")])
		if !ok {
			return nil
		}
		return t.blankHits(ctx, before[at("recording_id")], before[at("settings_key")], was, is)
	case "recording_versions":
		was, is, ok := segmentsOf(before[at("transcript")], set[at("transcript")])
		if ok {
			blankVerdict(before, set, at("verdict"), was, is)
		}
	case "run_changes":
		was, is, ok := segmentsOf(before[at("heard")], set[at("heard")])
		if ok {
			blankVerdict(before, set, at("verdict"), was, is)
		}
	}
	return nil
}

// segmentsOf are a customer's segments in a transcript, or in several, before it was written over and after.
func segmentsOf(before, after any) (was, is []asr.Segment, ok bool) {
	was, ok = customersOf(before)
	if !ok {
		return nil, nil, false
	}
	is, ok = customersOf(after)
	return was, is, ok
}

func customersOf(v any) ([]asr.Segment, bool) {
	text, _ := textOf(v)
	var all []asr.Transcript
	if json.Unmarshal([]byte(text), &all) != nil {
		all = make([]asr.Transcript, 1)
		if json.Unmarshal([]byte(text), &all[0]) != nil {
			return nil, false
		}
	}
	i := slices.IndexFunc(all, func(t asr.Transcript) bool { return t.Side == asr.Customer })
	if i < 0 {
		return nil, false
	}
	return all[i].Segments, true
}

// blankVerdict hides in a row's verdict what is hidden in its transcript.
func blankVerdict(before []any, set map[int]any, column int, was, is []asr.Segment) {
	v, written := set[column]
	if !written {
		v = before[column]
	}
	text, _ := textOf(v)
	var verdict keywords.Verdict
	if json.Unmarshal([]byte(text), &verdict) == nil && keywords.Blank(verdict.Hits, was, is) {
		set[column] = encoded(verdict)
	}
}

// blankHits hides in the judgement of a recording, and in the suspects that it made, what is hidden in the
// transcript.
func (t *writeTx) blankHits(ctx context.Context, recording, settings any, was, is []asr.Segment) error {
	type stored struct{ key, text string }
	scan := func(rw row) (s stored, err error) {
		err = rw.Scan(&s.key, &s.text)
		return s, err
	}
	judged, err := list(ctx, t, scan, `SELECT recording_id, verdict FROM judgements
		WHERE recording_id = $1 AND settings_key = $2`, recording, settings)
	if err != nil {
		return fmt.Errorf("read the judgement that rests on a transcript: %w", err)
	}
	for _, s := range judged {
		var v keywords.Verdict
		if json.Unmarshal([]byte(s.text), &v) == nil && keywords.Blank(v.Hits, was, is) {
			if err := exec(ctx, t, `UPDATE judgements SET verdict = $1 WHERE recording_id = $2`, encoded(v), s.key); err != nil {
				return fmt.Errorf("hide a number in a judgement: %w", err)
			}
		}
	}
	suspects, err := list(ctx, t, scan, `SELECT id, hits FROM suspects WHERE recording_id = $1`, recording)
	if err != nil {
		return fmt.Errorf("read the suspects that rest on a transcript: %w", err)
	}
	for _, s := range suspects {
		var hits []keywords.Hit
		if json.Unmarshal([]byte(s.text), &hits) == nil && keywords.Blank(hits, was, is) {
			if err := exec(ctx, t, `UPDATE suspects SET hits = $1 WHERE id = $2`, encoded(hits), s.key); err != nil {
				return fmt.Errorf("hide a number in a suspect: %w", err)
			}
		}
	}
	return nil
}
