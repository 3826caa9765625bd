package blob

import (
	"context"
	"io"
	"os"

	"github.com/refrain-asr/refrain/internal/atomicfile"
	"github.com/refrain-asr/refrain/recording"
)

// ReferenceSuffix is what the name of a blob ends with that only says where its audio lies.
const ReferenceSuffix = ".ref"

const referenceSuffix = ReferenceSuffix

// OpenArchived implements recording.Archives.
func (d *Dir) OpenArchived(path string) (io.ReadCloser, recording.Blob, error) {
	return d.Refer(path, d.keepReference)
}

func (d *Dir) keepReference(_ context.Context, id recording.ID, text []byte) error {
	path, err := d.path(id)
	if err != nil {
		return err
	}
	f, err := atomicfile.Create(d.Temp(), "reference-*", 0o600)
	if err != nil {
		return err
	}
	defer f.Discard()
	if _, err := f.Write(text); err != nil {
		return err
	}
	if err := d.publish(f, path+referenceSuffix); err != nil {
		return err
	}
	return removeFile(path) // the beginning, whose place this takes
}

// openReferred opens what the reference at path refers to. The error wraps fs.ErrNotExist where there
// is no reference, too.
func (d *Dir) openReferred(path string) (io.ReadCloser, error) {
	text, err := os.ReadFile(path + referenceSuffix)
	if err != nil {
		return nil, err
	}
	return d.Referred(text)
}
