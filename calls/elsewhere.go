package calls

import (
	"context"
	"time"

	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/request"
)

// gone tells which of the calls that are not stored were erased.
func (w *writer) gone(
	ctx context.Context, ids []string, stored map[string]Call,
) (map[string]bool, error) {
	var unknown []string
	for _, id := range ids {
		if _, ok := stored[id]; !ok {
			unknown = append(unknown, id)
		}
	}
	if len(unknown) == 0 {
		return nil, nil
	}
	return w.tx.GoneCalls(ctx, unknown)
}

// erased tells when the people were erased whom reports of calls name that are not stored.
func (w *writer) erased(
	ctx context.Context, reports []*report, stored map[string]Call,
) (map[number.Number]time.Time, error) {
	var numbers []number.Number
	for _, r := range reports {
		if _, ok := stored[r.call.ID]; !ok && r.out.Err == nil {
			numbers = append(numbers, r.call.Number)
		}
	}
	if len(numbers) == 0 {
		return nil, nil
	}
	return w.tx.ErasedAt(ctx, numbers)
}

// parts are those of calls that are not stored, where who reports them may not do so of all lines.
func (w *writer) parts(
	ctx context.Context, reports []*report, stored map[string]Call,
) (map[string][]Part, error) {
	var ids []string
	for _, r := range reports {
		if _, ok := stored[r.call.ID]; !ok && r.out.Err == nil && len(request.Lines(r.ctx)) > 0 {
			ids = append(ids, r.call.ID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return w.tx.PartsOf(ctx, ids)
}

// checkParts refuses a report or reservation under an id that recordings have of others: of lines that whoever
// asks may not ask about or, where no line is known, of another number. Of a call that was transferred one part
// that is his is enough.
func checkParts(ctx context.Context, op string, c Call, parts []Part) error {
	var other error
	for _, p := range parts {
		err := request.CheckLine(ctx, op, "calls/"+c.ID, p.Line)
		if err == nil || p.Line == "" && p.Number == c.Number {
			return nil
		}
		other = err
	}
	return other
}
