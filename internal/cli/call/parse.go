package call

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/internal/cli/output"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// fieldError is what is wrong with one field of a call.
type fieldError struct{ field, problem string }

func (e *fieldError) Error() string { return e.field + " " + e.problem }

// parseCall makes a call of what a row or flags say. Start reads when it began.
func parseCall(
	row map[string]string, start func(text string) (*timestamppb.Timestamp, error),
) (*pb.Call, *fieldError) {
	call := &pb.Call{CallId: row["call_id"], Number: row["number"], Agent: row["agent"],
		Line: row["line"], CallerId: row["caller_id"], Code: row["code"]}
	for _, f := range []struct {
		name string
		set  func(text string) error
	}{
		{"start", set(&call.StartTime, start)},
		{"outcome", set(&call.Outcome, enumReader[pb.Outcome]("OUTCOME_", pb.Outcome_value))},
		{"ended_by", set(&call.EndedBy, enumReader[pb.Party]("PARTY_", pb.Party_value))},
		{"code_system", set(&call.CodeSystem,
			enumReader[pb.CodeSystem]("CODE_SYSTEM_", pb.CodeSystem_value))},
		{"talk_seconds", set(&call.Talk, parseTalk)},
		{"revision", set(&call.Revision, parseRevision)},
		{"virtual", set(&call.Virtual, parseFlag)},
	} {
		if row[f.name] == "" {
			continue
		}
		if err := f.set(row[f.name]); err != nil {
			return nil, &fieldError{f.name, fmt.Sprintf("%q %v", row[f.name], err)}
		}
	}
	switch {
	case call.GetOutcome() == 0 && call.GetCodeSystem() == 0:
		return nil, &fieldError{"outcome", "is missing; give it, or a code with its code_system"}
	case call.GetOutcome() == 0 && call.GetCode() == "":
		return nil, &fieldError{"code", "is missing, and so is the outcome; give one of them"}
	}
	return call, nil
}

// set reads a value into a field.
func set[T any](to *T, read func(text string) (T, error)) func(text string) error {
	return func(text string) (err error) {
		*to, err = read(text)
		return err
	}
}

// parseTalk reads seconds. Its errors follow the name and the value, as those of
// parseRevision and of enum readers do.
func parseTalk(text string) (*durationpb.Duration, error) {
	s, err := strconv.ParseFloat(text, 64)
	if err != nil || !(s >= 0 && s <= (24*time.Hour).Seconds()) { // NaN is neither
		return nil, errors.New("must be seconds from 0 to 86400, such as 12.5")
	}
	return durationpb.New(output.Duration(s)), nil
}

func parseRevision(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		return 0, errors.New("must be a whole number from 1")
	}
	return n, nil
}

func parseFlag(text string) (bool, error) {
	v, err := strconv.ParseBool(text)
	if err != nil {
		return false, errors.New("must be true or false")
	}
	return v, nil
}

// enumReader reads values of an enum by their names without the prefix, in any case.
func enumReader[E ~int32](prefix string, values map[string]int32) func(text string) (E, error) {
	return func(text string) (E, error) {
		if v := values[prefix+strings.ToUpper(strings.ReplaceAll(text, "-", "_"))]; v != 0 {
			return E(v), nil
		}
		names := slices.SortedFunc(maps.Keys(values),
			func(a, b string) int { return cmp.Compare(values[a], values[b]) })
		// the first is the unspecified one
		known := strings.ToLower(strings.ReplaceAll(strings.Join(names[1:], ", "), prefix, ""))
		return 0, fmt.Errorf("is not known; use %s", known)
	}
}
