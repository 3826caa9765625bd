package backup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/refrain-asr/refrain/internal/datadir"
)

// Admitted is a key, or somebody who signs in, that a database lets in.
type Admitted struct {
	// Kind is key or user.
	Kind string `json:"kind"`
	Name string `json:"name"`
	Role string `json:"role"`
	// Lines are those that it is for; none for all.
	Lines []string `json:"lines"`
	// Tokens are how a key's tokens that work begin.
	Tokens []string `json:"tokens,omitempty"`
}

// AdmittedError is that a backup lets somebody in, and nobody said whether it is to.
type AdmittedError struct {
	// Made is when the backup was made.
	Made     time.Time
	Admitted []Admitted
}

// Error implements error.
func (e *AdmittedError) Error() string {
	return fmt.Sprintf("nothing was restored yet: the backup lets %d keys and people in as they were at %s, so that what "+
		"was revoked, rotated, disabled or changed since would work again. Say which it is to be: --former DIR takes them as they "+
		"are now from the old data directory, or a newer backup, where one can be read; --keep-access lets them in as "+
		"they were then, and you revoke anew what must not work", len(e.Admitted), e.Made.Format(time.RFC3339))
}

// access refuses to let anybody in unasked, who may have lost that since, before it takes hours to check all.
func (r *restorer) access(ctx context.Context) error {
	m, err := ReadManifest(r.Dir)
	if err != nil {
		return err
	}
	if r.Former != "" {
		return r.former(ctx, m)
	}
	if r.KeepAccess {
		return nil
	}
	admitted, err := r.admitted(ctx, filepath.Join(r.Dir, datadir.DBFile))
	switch {
	case err != nil: // which a check explains better
		return cmp.Or(r.verify(ctx), err)
	case len(admitted) == 0:
		return nil
	}
	return &AdmittedError{m.Made, admitted}
}

// former refuses what is no later state of the same data directory.
func (r *restorer) former(ctx context.Context, m Manifest) error {
	about, err := r.Database.Describe(ctx, filepath.Join(r.Former, datadir.DBFile))
	if err != nil {
		return fmt.Errorf("--former: %w; with --keep-access keys and people are let in as the backup has them", err)
	}
	if about.Directory != m.Directory || about.Entries < m.Entries {
		return errors.New("--former: " + r.Former + " is no later state of what is in the backup: " + m.compare(about))
	}
	_, err = r.admitted(ctx, filepath.Join(r.Former, datadir.DBFile))
	return err
}

// admitted lists whom a database lets in now.
func (r *restorer) admitted(ctx context.Context, path string) ([]Admitted, error) {
	var all []Admitted
	err := r.Database.EachAdmitted(ctx, path, r.Now(), func(a Admitted) error {
		all = append(all, a)
		return nil
	})
	return all, err
}

// admit ends the sessions in what was restored: who signed out since the backup was made, or was signed out,
// must not be let in again by what he kept. It takes over who is let in, where that is known.
func (r *restorer) admit(ctx context.Context, path string) error {
	if err := r.Database.SignOut(ctx, path); err != nil {
		return err
	}
	if r.Former != "" {
		if err := r.Database.TakeAccess(ctx, path, filepath.Join(r.Former, datadir.DBFile)); err != nil {
			return err
		}
	}
	var err error
	r.done.Admitted, err = r.admitted(ctx, path)
	return err
}
