package audio

/*
#cgo LDFLAGS: -lsoxr
#include <soxr.h>

// The error is a static string, so it needs no freeing.
static soxr_t refrain_soxr_new(double from, double to, soxr_error_t *err) {
	soxr_quality_spec_t q = soxr_quality_spec(SOXR_HQ, 0);
	soxr_runtime_spec_t r = soxr_runtime_spec(1);
	return soxr_create(from, to, 1, err, 0, &q, &r);
}
*/
import "C"

import (
	"fmt"
	"unsafe"
)

// resampler changes the rate of one channel. It gives round(n*to/from) samples for
// n, with no delay. It must be closed.
type resampler struct {
	handle   C.soxr_t
	from, to int64
	in, out  int64 // samples so far
	buf      []float32
}

func newResampler(from, to int) (*resampler, error) {
	var cause C.soxr_error_t
	h := C.refrain_soxr_new(C.double(from), C.double(to), &cause)
	if h == nil {
		return nil, fmt.Errorf("audio: libsoxr can't resample %d Hz to %d Hz: %s", from, to,
			C.GoString(cause))
	}
	return &resampler{handle: h, from: int64(from), to: int64(to), buf: make([]float32, 8192)}, nil
}

// write resamples in and appends the outcome to dst.
func (r *resampler) write(dst, in []float32) ([]float32, error) {
	r.in += int64(len(in))
	for len(in) > 0 {
		used, made, err := r.process(unsafe.Pointer(unsafe.SliceData(in)), len(in))
		if err != nil {
			return dst, err
		}
		in = in[used:]
		dst = r.take(dst, made)
	}
	return dst, nil
}

// flush appends what is still inside after the last write.
func (r *resampler) flush(dst []float32) ([]float32, error) {
	for {
		_, made, err := r.process(nil, 0)
		if err != nil {
			return dst, err
		}
		if made == 0 {
			break
		}
		dst = r.take(dst, made)
	}
	// libsoxr's own rounding may differ from ours by a sample.
	for r.out < r.due() {
		dst = append(dst, 0)
		r.out++
	}
	return dst, nil
}

func (r *resampler) due() int64 { return (r.in*r.to + r.from/2) / r.from }

func (r *resampler) process(in unsafe.Pointer, n int) (used, made int, err error) {
	var idone, odone C.size_t
	cause := C.soxr_process(r.handle, C.soxr_in_t(in), C.size_t(n), &idone,
		C.soxr_out_t(unsafe.Pointer(unsafe.SliceData(r.buf))), C.size_t(len(r.buf)), &odone)
	if cause != nil {
		return 0, 0, fmt.Errorf("audio: libsoxr: %s", C.GoString(cause))
	}
	return int(idone), int(odone), nil
}

// take appends made samples, kept in -1..1, which a filter may overshoot.
func (r *resampler) take(dst []float32, made int) []float32 {
	made = int(min(int64(made), r.due()-r.out))
	for _, v := range r.buf[:made] {
		dst = append(dst, max(-1, min(1, v)))
	}
	r.out += int64(made)
	return dst
}

func (r *resampler) close() {
	C.soxr_delete(r.handle)
	r.handle = nil
}
