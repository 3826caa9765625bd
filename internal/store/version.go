package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/review"
)

// ReplaceAudio implements recording.Store.
func (s *Recordings) ReplaceAudio(
	ctx context.Context, id recording.ID, next recording.Recording,
) (recording.Recording, error) {
	var r recording.Recording
	err := s.write(ctx, func(ctx context.Context, t *writeTx) error {
		old, err := readRecording(ctx, t, id)
		if err != nil {
			return err
		}
		if r, err = old.With(next); err != nil {
			return err
		}
		if err := t.replaceAudio(ctx, old, r); err != nil {
			return fmt.Errorf("replace the audio of %s: %w", r.Name(), err)
		}
		if r, err = t.updateRecording(ctx, old, r); err != nil {
			return err
		}
		return t.enqueue(ctx, r)
	})
	if err != nil {
		return recording.Recording{}, err
	}
	return r, nil
}

// replaceAudio writes the particulars of r's file, and keeps those of old with what was
// made of it.
func (t *writeTx) replaceAudio(ctx context.Context, old, r recording.Recording) error {
	before, err := toJSON(old.Audio)
	if err != nil {
		return err
	}
	now, err := toJSON(r.Audio)
	if err != nil {
		return err
	}
	err = exec(ctx, t, `INSERT INTO recording_versions
			(recording_id, version, audio, sha256, size, defects, replaced_at, verdict, transcript)
		SELECT $1, $2, $3, $4, $5, $6, $7, j.verdict, t.transcript FROM (SELECT 1) one
			LEFT JOIN judgements j ON j.recording_id = $1
			LEFT JOIN transcripts t ON t.recording_id = j.recording_id AND t.side = j.side
				AND t.settings_key = j.settings_key`,
		old.ID, r.Replaced, before, old.SHA256, old.Size, old.Heard.String(), micros(t.e.now()))
	if err != nil {
		return err
	}
	return exec(ctx, t, `UPDATE recordings SET audio = $1, sha256 = $2, size = $3, replaced = $4
		WHERE id = $5`, now, r.SHA256, r.Size, r.Replaced, r.ID)
}

// SetAside implements recording.Store.
func (s *Recordings) SetAside(
	ctx context.Context, id recording.ID, part string, why recording.SetAside,
) error {
	return s.write(ctx, func(ctx context.Context, t *writeTx) error {
		old, err := readRecording(ctx, t, id)
		if err != nil {
			return err
		}
		if old.Part != why.Part || old.Part == part {
			return &fault.Error{Op: "recording.SetAside", Kind: fault.Precondition,
				Reason: "SET_ASIDE_BEFORE", Subject: old.Name(),
				Message: "it has been set aside already; look at what is there now"}
		}
		err = exec(ctx, t, `INSERT INTO recordings_set_aside (recording_id, part, actor, reason, set_aside_at)
			VALUES ($1, $2, $3, $4, $5)`, id, why.Part, why.By, why.Reason, micros(why.At))
		if err != nil {
			return fmt.Errorf("note why %s is set aside: %w", old.Name(), err)
		}
		const set = ` SET part = $1, revision = revision + 1, updated_at = $2 WHERE `
		for _, update := range []string{`UPDATE recordings` + set + `id = $3`,
			`UPDATE suspects` + set + `recording_id = $3`} {
			if err := exec(ctx, t, update, part, micros(t.e.now()), id); err != nil {
				return fmt.Errorf("set %s aside: %w", old.Name(), err)
			}
		}
		t.changedRecording(id)
		return nil
	})
}

// AsideOf tells why a recording was set aside; nil where it wasn't.
func (s *Recordings) AsideOf(ctx context.Context, id recording.ID) (*recording.SetAside, error) {
	var out recording.SetAside
	var at int64
	err := s.r.QueryRowContext(ctx, `SELECT part, actor, reason, set_aside_at FROM recordings_set_aside
		WHERE recording_id = $1`, id).Scan(&out.Part, &out.By, &out.Reason, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	out.At = fromMicros(at)
	return &out, wrap("read why a recording was set aside", err)
}

// Versions lists what a recording was before other files took its place, the oldest first.
func (s *Recordings) Versions(
	ctx context.Context, id recording.ID,
) ([]recording.Version, error) {
	return versions(ctx, s.r, id)
}

func versions(ctx context.Context, q querier, id recording.ID) ([]recording.Version, error) {
	vs, err := list(ctx, q, scanVersion, `SELECT audio, sha256, size, defects, replaced_at
		FROM recording_versions WHERE recording_id = $1 ORDER BY version`, id)
	return vs, wrap("list what "+recording.Recording{ID: id}.Name()+" was", err)
}

func scanVersion(rw row) (recording.Version, error) {
	var v recording.Version
	var defects string
	var at int64
	err := rw.Scan(jsonInto{&v.Audio}, &v.SHA256, &v.Size, &defects, &at)
	if err == nil {
		v.Heard, err = recording.ParseDefects(defects)
	}
	v.ReplacedAt = fromMicros(at)
	return v, err
}

// VersionVerdicts are the verdicts on what a recording was, in the order of Versions, nil
// for what was not judged.
func (s *Transcripts) VersionVerdicts(
	ctx context.Context, id recording.ID,
) ([]*keywords.Verdict, error) {
	vs, err := list(ctx, s.r, func(rw row) (*keywords.Verdict, error) {
		var v *keywords.Verdict
		err := rw.Scan(jsonInto{&v})
		return v, err
	}, `SELECT verdict FROM recording_versions WHERE recording_id = $1 ORDER BY version`, id)
	return vs, wrap("list verdicts of old", err)
}

// rehear lets the suspect of a recording whose audio was replaced rest on the verdict on
// the whole of it; see review.Suspect.Reheard.
func (t *writeTx) rehear(ctx context.Context, id recording.ID, v keywords.Verdict) error {
	before, err := versions(ctx, t, id)
	if err != nil || len(before) == 0 {
		return err
	}
	s, err := scanSuspect(t.QueryRowContext(ctx, selectSuspects+byRecording, id))
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return wrap("read the suspect", err)
	}
	now, changed := s.Reheard(v, before[len(before)-1].Audio.Duration())
	if !changed {
		return nil
	}
	return t.restSuspect(ctx, now)
}

// restSuspect lets a suspect rest on the verdict that it holds now.
func (t *writeTx) restSuspect(ctx context.Context, s review.Suspect) error {
	hits, err := toJSON(s.Hits)
	if err != nil {
		return err
	}
	err = exec(ctx, t, `UPDATE suspects SET hits = $1, score = $2, class = $3, lexicon = $4, kind = $5
		WHERE id = $6`, hits, s.Score, s.Class, s.Lexicon, s.Kind, s.ID)
	if err != nil {
		return err
	}
	return t.updateSuspect(ctx, s)
}
