package importer

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/refrain-asr/refrain/internal/cli/client"
)

// AllOrNone makes a send of a request that takes all items of its field or, where some
// are wrong, none: the others are sent again without them. A server that checks in
// several steps may find more then.
func AllOrNone[T any](
	field string, request func(context.Context, []T) error,
) func(context.Context, []T) ([]string, error) {
	return func(ctx context.Context, batch []T) ([]string, error) {
		why := make([]string, len(batch))
		for {
			var good []T
			var places []int
			for i, v := range batch {
				if why[i] == "" {
					good, places = append(good, v), append(places, i)
				}
			}
			if len(good) == 0 {
				return why, nil
			}
			err := request(ctx, good)
			wrong := wrongItems(err, field, len(good))
			if err == nil || wrong == nil {
				return why, err
			}
			for k, problem := range wrong {
				why[places[k]] = problem
			}
		}
	}
}

// wrongItems says what a server found wrong with which of n items of a field; nil where
// its answer is about something else.
func wrongItems(err error, field string, n int) []string {
	remote, ok := errors.AsType[*client.Error](err)
	if !ok || len(remote.Fields) == 0 {
		return nil
	}
	why := make([]string, n)
	for _, v := range remote.Fields {
		i, name, ok := itemOf(v.Field, field)
		if !ok && n == 1 { // of a single one some servers don't say which it is
			i, name, ok = 0, v.Field, true
		}
		if !ok || i >= n {
			return nil
		}
		if why[i] != "" {
			why[i] += "; "
		}
		why[i] += name + " " + v.Problem
	}
	return why
}

// itemOf takes calls[3].number apart: the item is 3, and number is wrong with it.
func itemOf(path, field string) (i int, name string, ok bool) {
	rest, ok := strings.CutPrefix(path, field+"[")
	digits, name, found := strings.Cut(rest, "]")
	i, err := strconv.Atoi(digits)
	return i, strings.TrimPrefix(name, "."), ok && found && err == nil && i >= 0
}
