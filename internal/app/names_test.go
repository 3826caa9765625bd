package app_test

import "github.com/refrain-asr/refrain/internal/apitest"

// Short names for what most tests use.
var (
	tenOClock       = apitest.TenOClock
	newClock        = apitest.NewClock
	newLogbook      = apitest.NewLogbook
	phone           = apitest.Phone
	unanswered      = apitest.Unanswered
	talked          = apitest.Talked
	threeRejections = apitest.ThreeRejections
	as              = apitest.As
	reason          = apitest.Reason
)
