package freeze

import (
	"fmt"
	"time"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// tally counts what came of the freezes that were taken.
type tally struct {
	skipped, ended, limited int
}

// add counts a batch of which the server passed over so many. By whose clock one had ended
// may differ: no more are said to have than were passed over.
func (t *tally) add(batch []*pb.ImportedFreeze, skipped int, now time.Time) {
	ended := 0
	for _, z := range batch {
		if z.GetEndTime() != nil && !z.GetEndTime().AsTime().After(now) {
			ended++
		}
		if z.GetLine() != "" {
			t.limited++
		}
	}
	t.ended += min(ended, skipped)
	t.skipped += skipped
}

// hints say which rows don't keep anybody from being called, or not everywhere.
func (t *tally) hints() []string {
	var all []string
	if t.ended > 0 {
		all = append(all, fmt.Sprintf("%d had ended already: nothing is frozen by them", t.ended))
	}
	if t.limited > 0 {
		all = append(all, fmt.Sprintf("%d hold on the line of their row only; the numbers may be "+
			"called on others", t.limited))
	}
	return all
}
