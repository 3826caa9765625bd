package disk

import (
	"errors"
	"syscall"

	"github.com/refrain-asr/refrain/fault"
)

// Reasons of faults.
const (
	FullReason     = "DISK_FULL"
	ReadOnlyReason = "DISK_READ_ONLY"
	FailedReason   = "DISK_FAILED"
)

// Explain makes a fault of an error that is the disk's; nil of any other.
func Explain(err error) *fault.Error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fullFault(fault.Unavailable, "nothing more can be written", err)
	case errors.Is(err, syscall.EROFS):
		return ReadOnly(err)
	case errors.Is(err, syscall.EIO):
		return Failed(err)
	}
	return nil
}

func fullFault(k fault.Kind, how string, err error) *fault.Error {
	return &fault.Error{Kind: k, Reason: FullReason, Err: err, Message: "the server's disk is full (" + how +
		"): free space on the disk of the data directory, or move it to a larger one; then send again " +
		"what was refused"}
}

// Full is that nothing more can be written.
func Full(err error) *fault.Error {
	return fullFault(fault.Unavailable, "nothing more can be written", err)
}

// ReadOnly is that nothing can be written, though there may be room.
func ReadOnly(err error) *fault.Error {
	return &fault.Error{Kind: fault.Unavailable, Reason: ReadOnlyReason, Err: err,
		Message: "the server's disk can only be read: find out why (the kernel's log tells of errors of " +
			"the disk), make it writable and restart the server; then send again what was refused"}
}

// Failed is that the disk could not read or write.
func Failed(err error) *fault.Error {
	return &fault.Error{Kind: fault.Unavailable, Reason: FailedReason, Err: err,
		Message: "the server's disk fails: look at the kernel's log and at the disk; then send again " +
			"what was refused"}
}
