//go:build !(cgo && linux)

package opencc

import "errors"

// Converter turns traditional characters into simplified ones.
type Converter struct{}

var errAbsent = errors.New("use OpenCC: this program was built without cgo or not for Linux; build with CGO_ENABLED=1")

// Open always fails in a program that was built without cgo.
func Open(string) (*Converter, error) { return nil, errAbsent }

// Convert always fails in a program that was built without cgo.
func (*Converter) Convert(string) (string, error) { return "", errAbsent }
