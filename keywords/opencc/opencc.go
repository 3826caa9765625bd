//go:build cgo && linux

package opencc

/*
#include <dlfcn.h>
#include <stdlib.h>

// The library is loaded when asked for, not linked: so the package builds where
// OpenCC is absent, and the check can say so. These are its C functions of version 1.
typedef void *(*open_function)(const char *);
typedef char *(*convert_function)(void *, const char *, size_t);
typedef void (*free_function)(char *);
typedef const char *(*error_function)(void);

static open_function open_it;
static convert_function convert_it;
static free_function free_it;
static error_function error_it;

static int load_library(void) {
	void *library = dlopen("libopencc.so.1.4", RTLD_NOW);
	if (!library) library = dlopen("libopencc.so", RTLD_NOW);
	if (!library) library = dlopen("libopencc.so.1.1", RTLD_NOW);
	if (!library) return 0;
	open_it = (open_function)dlsym(library, "opencc_open");
	convert_it = (convert_function)dlsym(library, "opencc_convert_utf8");
	free_it = (free_function)dlsym(library, "opencc_convert_utf8_free");
	error_it = (error_function)dlsym(library, "opencc_error");
	return open_it && convert_it && free_it && error_it;
}

static void *open_config(const char *path) {
	void *handle = open_it(path);
	return handle == (void *)-1 ? NULL : handle;
}
static char *convert(void *handle, const char *text, size_t length) { return convert_it(handle, text, length); }
static void free_text(char *text) { free_it(text); }
static const char *last_error(void) { return error_it(); }
static const char *load_error(void) {
	const char *why = dlerror();
	return why ? why : "it lacks the functions of OpenCC's C interface";
}
*/
import "C"

import (
	"fmt"
	"strings"
	"sync"
	"unsafe"
)

// Converter turns traditional characters into simplified ones. It may be used by
// several goroutines at once.
type Converter struct{ handle unsafe.Pointer }

var load = sync.OnceValue(func() error {
	if C.load_library() == 0 {
		return fmt.Errorf("load libopencc: %s; install libopencc-dev or run scripts/deps.sh", C.GoString(C.load_error()))
	}
	return nil
})

// Open reads the configuration at path, OpenCC's t2s.json with its dictionaries
// beside it.
func Open(path string) (*Converter, error) {
	if err := load(); err != nil {
		return nil, err
	}
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	handle := C.open_config(name)
	if handle == nil {
		return nil, fmt.Errorf("open OpenCC's configuration %s: %s", path, C.GoString(C.last_error()))
	}
	return &Converter{handle}, nil
}

// Convert converts text. OpenCC stops at a NUL and refuses invalid UTF-8, so text
// must have neither.
func (c *Converter) Convert(text string) (string, error) {
	if strings.ContainsRune(text, 0) {
		return "", fmt.Errorf("convert text with OpenCC: it holds a NUL, at which OpenCC would stop")
	}
	in := C.CString(text)
	defer C.free(unsafe.Pointer(in))
	out := C.convert(c.handle, in, C.size_t(len(text)))
	if out == nil {
		return "", fmt.Errorf("convert text with OpenCC: %s", C.GoString(C.last_error()))
	}
	defer C.free_text(out)
	return C.GoString(out), nil
}
