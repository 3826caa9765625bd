package retention

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/request"
)

// HoldID names a hold; a ULID.
type HoldID string

// Hold keeps what it is about from being erased until somebody releases it: what is known of a
// number, of a call, or of a time.
type Hold struct {
	ID HoldID
	// One of them is set, until the hold is released: what was erased since must not stay here.
	Number number.Number
	CallID string
	// From and Until are a time in which calls began; Until is exclusive.
	From, Until time.Time

	Reason, Actor string
	CreatedAt     time.Time
	// Release is set where somebody released it.
	Release *HoldRelease
}

// HoldRelease ends a hold.
type HoldRelease struct {
	At            time.Time
	Actor, Reason string
}

// Name is the hold's resource name.
func (h Hold) Name() string { return "holds/" + string(h.ID) }

// About says what the hold is about, with the number masked.
func (h Hold) About() string {
	switch {
	case h.Release != nil:
		return "released"
	case !h.Number.IsZero():
		return "number " + h.Number.Masked()
	case h.CallID != "":
		return "call " + number.MaskName(h.CallID)
	}
	return fmt.Sprintf("calls from %s until %s", h.From.Format(time.RFC3339), h.Until.Format(time.RFC3339))
}

func (h Hold) check() error {
	var wrong fault.Fields
	set := 0
	for _, is := range []bool{!h.Number.IsZero(), h.CallID != "", !h.From.IsZero() || !h.Until.IsZero()} {
		if is {
			set++
		}
	}
	if set != 1 {
		wrong.Add("target", "must be one of a number, a call and a time")
	}
	if (!h.From.IsZero() || !h.Until.IsZero()) && !h.Until.After(h.From) {
		wrong.Add("end_time", "must be after start_time")
	}
	return wrong.Err("retention.Hold")
}

// Holds keeps holds.
type Holds interface {
	// AddHold places a hold. Precondition BEING_ERASED where it is on a number, a call or a time of which
	// something is being erased at the moment; see Beginnings.
	AddHold(ctx context.Context, h Hold) error
	// ReleaseHold notes the release and forgets what the hold was about. NotFound where there is no
	// such hold, Precondition where it was released before.
	ReleaseHold(ctx context.Context, id HoldID, r HoldRelease) (Hold, error)
	// ListHolds lists those that stand, the newest first; all of them with released.
	ListHolds(ctx context.Context, released bool) ([]Hold, error)
	// HoldsOn lists those that stand on anything that is known of a number.
	HoldsOn(ctx context.Context, n number.Number) ([]Hold, error)
}

// Hold places a hold.
func (s *Service) Hold(ctx context.Context, h Hold) (Hold, error) {
	if err := request.CheckReason("retention.Hold", h.Reason); err != nil {
		return Hold{}, err
	}
	if err := h.check(); err != nil {
		return Hold{}, err
	}
	h.CreatedAt = s.now()
	h.ID, h.Release = HoldID(ulid.MustNewDefault(h.CreatedAt).String()), nil
	return h, s.Store.AddHold(ctx, h)
}

// ReleaseHold releases a hold. NotFound and Precondition as of Holds.
func (s *Service) ReleaseHold(
	ctx context.Context, id HoldID, by, reason string,
) (Hold, error) {
	if err := request.CheckReason("retention.ReleaseHold", reason); err != nil {
		return Hold{}, err
	}
	return s.Store.ReleaseHold(ctx, id, HoldRelease{s.now(), by, reason})
}

// legalHold is the reason of a refusal to erase what is held.
const legalHold = "LEGAL_HOLD"

// held refuses to erase what holds stand on.
func held(holds []Hold) error {
	if len(holds) == 0 {
		return nil
	}
	names := make([]string, len(holds))
	for i, h := range holds {
		names[i] = h.Name() + " (" + h.About() + ")"
	}
	return &fault.Error{Op: "retention.Erase", Kind: fault.Precondition, Reason: legalHold,
		Message: "a legal hold keeps it: " + strings.Join(names, ", ") + "; nothing was erased. It ends with: refrain hold " +
			"release " + holds[0].Name() + " --reason R"}
}
