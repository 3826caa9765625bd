package store

import (
	"context"
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/review"
)

// beginRequest notes that the request was carried out on the subject, or in the words of
// the request where it has its own. Where it was
// before, again is true and result is what keepResult kept. Invalid where its ID was
// used for another subject.
func beginRequest(ctx context.Context, tx Tx, req review.Request, subject string, now time.Time) (result string, again bool, err error) {
	if req.ID == "" {
		return "", false, nil
	}
	if req.Of != "" {
		subject = req.Of
	}
	n, err := changed(ctx, tx, `INSERT INTO requests (method, request_id, subject, made_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (method, request_id) DO NOTHING`, req.Method, req.ID, subject, micros(now))
	if err != nil {
		return "", false, fmt.Errorf("note the request: %w", err)
	}
	if n == 1 {
		return "", false, nil
	}
	var old string
	err = tx.QueryRowContext(ctx, `SELECT subject, result FROM requests WHERE method = $1 AND request_id = $2`, req.Method, req.ID).
		Scan(&old, &result)
	if err != nil {
		return "", false, fmt.Errorf("look up the request: %w", err)
	}
	if old != subject {
		return "", false, &fault.Error{Op: req.Method, Kind: fault.Invalid, Reason: "REQUEST_ID_REUSED",
			Message: "that request_id was used before for something else; make a new one for every request",
			Meta:    map[string]string{"request_id": req.ID}}
	}
	return result, true, nil
}

// keepResult keeps what a repetition of the request is to answer.
func keepResult(ctx context.Context, tx Tx, req review.Request, result string) error {
	if req.ID == "" {
		return nil
	}
	return exec(ctx, tx, `UPDATE requests SET result = $1 WHERE method = $2 AND request_id = $3`, result, req.Method, req.ID)
}
