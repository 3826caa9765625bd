package grpcapi

import "github.com/refrain-asr/refrain/internal/apitest"

// Short names for what most tests use.
var (
	tenOClock       = apitest.TenOClock
	newClock        = apitest.NewClock
	newLogbook      = apitest.NewLogbook
	phone           = apitest.Phone
	rejected        = apitest.Rejected
	unanswered      = apitest.Unanswered
	talked          = apitest.Talked
	threeRejections = apitest.ThreeRejections
	as              = apitest.As
	at              = apitest.At
	onLine          = apitest.OnLine
	reason          = apitest.Reason
)
