package backup

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/datadir"
	"github.com/refrain-asr/refrain/retention"
)

// erased gathers who was erased since the backup was made, before anything is written: from the files that
// were named, which must be in order, and from what lies beside the backup, as far as it can be read.
func (r *restorer) erased(context.Context) error {
	for _, name := range r.Erasures {
		if _, err := os.Stat(name); err != nil {
			return fmt.Errorf("read which people were erased: %w", err)
		}
		more, err := datadir.ReadErasures(name, nil)
		if err != nil {
			return err
		}
		r.gone = append(r.gone, more...)
	}
	keys, err := freeze.NewKeys(r.from.secrets...)
	if err != nil {
		return err
	}
	// The parent is read, and no pattern: a directory may be called [1].
	parent := filepath.Dir(filepath.Clean(r.Dir))
	beside, err := os.ReadDir(parent)
	if err != nil {
		return fmt.Errorf("look for the backups beside it: %w", err)
	}
	dirs := []string{r.Dir}
	if r.Former != "" {
		dirs = append(dirs, r.Former)
	}
	for _, e := range beside {
		dirs = append(dirs, filepath.Join(parent, e.Name()))
	}
	for _, dir := range dirs {
		r.gone = append(r.gone, r.erasedBeside(dir, keys)...)
	}
	return nil
}

// erasedBeside reads what a directory tells of erasures. Of one that is no backup of the same data directory
// only that counts which a key of this one sealed: the others are of people whom nobody here can name.
func (r *restorer) erasedBeside(dir string, keys freeze.Keys) (of []retention.Erasure) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil
	}
	doubt := func(err error) { r.done.Doubts = append(r.done.Doubts, err.Error()) }
	all, err := datadir.ReadErasures(filepath.Join(dir, datadir.ErasuresFile), doubt)
	if err != nil {
		doubt(err)
		return nil
	}
	m, err := ReadManifest(dir)
	same := dir == r.Former || err == nil && m.Directory != "" && m.Directory == r.from.Directory
	for _, e := range all {
		if _, known := keys.At(e.Key); known || same {
			of = append(of, e)
		}
	}
	return of
}

// erasures notes who was erased in what is restored.
func (r *restorer) erasures(context.Context) (err error) {
	r.done.Erasures, err = datadir.MergeErasures(r.Data, r.gone)
	return err
}
