//go:build !linux

package disk

import "errors"

// SpaceOf can't tell here, so that nothing is kept in reserve.
func SpaceOf(string) (Space, error) { return Space{}, errors.ErrUnsupported }

// Together can't tell here either.
func Together(string, string) bool { return true }
