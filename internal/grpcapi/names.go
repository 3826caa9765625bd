package grpcapi

import (
	"strings"

	"github.com/refrain-asr/refrain/fault"
)

// parseName takes the ids out of a resource name such as "suspects/{suspect}": the
// pattern's literal parts must match, what is in braces is returned.
func parseName(pattern, name string, wrong *fault.Fields) []string {
	want, got := strings.Split(pattern, "/"), strings.Split(name, "/")
	ids := make([]string, strings.Count(pattern, "{"))
	n := 0
	ok := len(want) == len(got)
	for i := 0; ok && i < len(want); i++ {
		if strings.HasPrefix(want[i], "{") {
			ids[n], ok = got[i], validID(got[i])
			n++
		} else {
			ok = want[i] == got[i]
		}
	}
	if !ok {
		wrong.Add("name", "is %q; it must look like %s", name, pattern)
	}
	return ids
}

func validID(s string) bool {
	return s != "" && len(s) <= 64 && strings.Trim(s,
		"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-") == ""
}

// checkRequestID refuses what can't be a request id.
func checkRequestID(id string, wrong *fault.Fields) {
	if len(id) > 36 {
		wrong.Add("request_id", "has %d bytes; at most 36 are allowed, such as a UUID", len(id))
	}
}
