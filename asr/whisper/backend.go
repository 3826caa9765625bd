package whisper

/*
#cgo LDFLAGS: -lwhisper -lggml -lggml-base -lm
#cgo linux LDFLAGS: -ldl
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"unsafe"
)

var errNoCPU = errors.New("whisper: no ggml backend for this machine's processor was found " +
	"beside libggml; " +
	"install the ggml backends (Debian: libggml0 brings them), or run \"make deps\" again")

// loadBackends finds the code for this machine's processor. ggml keeps it in loadable
// modules, and looks only where its package would install them: a private copy of
// the library has them beside itself.
var loadBackends = sync.OnceValue(func() error {
	C.refrain_quiet()
	dir := backendDir()
	if dir == "" {
		C.ggml_backend_load_all()
	} else {
		path := C.CString(dir)
		defer C.free(unsafe.Pointer(path))
		C.ggml_backend_load_all_from_path(path)
	}
	if C.ggml_backend_dev_by_type(C.GGML_BACKEND_DEVICE_TYPE_CPU) == nil {
		return errNoCPU
	}
	return nil
})

// backendDir is the folder of backend modules that belongs to the loaded libggml, or
// "" where there is none beside it and ggml's own search must do.
func backendDir() string {
	lib := C.GoString(C.refrain_ggml_path())
	if lib == "" {
		return ""
	}
	return findBackendDir(filepath.Dir(lib))
}

// plainAbort lets whisper.cpp's abort() end the process by its signal, without Go's trace.
func plainAbort() { C.refrain_plain_abort() }

// findBackendDir looks for LIBDIR/ggml/backends0, where 0 is the version of the
// modules' interface; another number is taken if that is what is there.
func findBackendDir(libDir string) string {
	dirs, err := filepath.Glob(filepath.Join(libDir, "ggml", "backends*"))
	if err != nil {
		return "" // only a malformed pattern
	}
	slices.Sort(dirs)
	for _, dir := range dirs {
		if modules, _ := filepath.Glob(filepath.Join(dir, "libggml-*")); len(modules) > 0 {
			return dir
		}
	}
	return ""
}

// ggmlBlock is ggml's own knowledge of how it stores a type.
func ggmlBlock(ggmlType int32) (elements, bytes int64) {
	if ggmlType < 0 || ggmlType >= C.GGML_TYPE_COUNT {
		return 0, 0
	}
	t := C.enum_ggml_type(ggmlType)
	return int64(C.ggml_blck_size(t)), int64(C.ggml_type_size(t))
}
