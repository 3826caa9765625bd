package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/request"
)

// once runs change within the transaction, unless the request was carried out before: then
// change is not called and again is true. The ids are those that change returned, now or
// then. Invalid where the request's ID was used for another subject.
func (t *writeTx) once(
	ctx context.Context, req request.Request, subject string,
	change func(context.Context) ([]string, error),
) (ids []string, again bool, err error) {
	kept, again, err := t.beginRequest(ctx, req, subject)
	if err != nil {
		return nil, false, err
	}
	if again {
		ids, err = resultIDs(kept)
		return ids, true, err
	}
	if ids, err = change(ctx); err != nil {
		return nil, false, err
	}
	return ids, false, t.keepResult(ctx, req, ids)
}

// beginRequest notes that the request was carried out. Where it was before, again is true
// and result is what keepResult kept.
func (t *writeTx) beginRequest(
	ctx context.Context, req request.Request, subject string,
) (result string, again bool, err error) {
	if req.ID == "" {
		return "", false, nil
	}
	if req.Digest != "" {
		subject = req.Digest
	}
	n,
		err := changed(ctx, t,
		`INSERT INTO requests (method, request_id, subject, made_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (method, request_id) DO NOTHING`, req.Method, req.ID, subject, micros(t.e.now()))
	if err != nil {
		return "", false, fmt.Errorf("note the request: %w", err)
	}
	if n == 1 {
		return "", false, nil
	}
	var old string
	err = t.QueryRowContext(ctx,
		`SELECT subject, result FROM requests WHERE method = $1 AND request_id = $2`, req.Method,
		req.ID).
		Scan(&old, &result)
	if err != nil {
		return "", false, fmt.Errorf("look up the request: %w", err)
	}
	if old != subject && !slices.Contains(req.Former, old) {
		return "", false, reused(req)
	}
	t.repeated = true
	return result, true, nil
}

func reused(req request.Request) error {
	return &fault.Error{Op: req.Method, Kind: fault.Invalid, Reason: "REQUEST_ID_REUSED",
		Message: "that request_id was used before for something else; make a new one for every " +
			"request",
		Meta: map[string]string{"request_id": req.ID}}
}

// keepResult keeps what a repetition of the request is to answer.
func (t *writeTx) keepResult(ctx context.Context, req request.Request, ids []string) error {
	if req.ID == "" {
		return nil
	}
	if ids == nil {
		ids = []string{}
	}
	result, err := toJSON(ids)
	if err != nil {
		return err
	}
	return exec(ctx, t, `UPDATE requests SET result = $1 WHERE method = $2 AND request_id = $3`,
		result, req.Method, req.ID)
}

// resultIDs reads what keepResult kept. Before results were lists, those of one id were
// kept bare, and none as nothing.
func resultIDs(result string) ([]string, error) {
	if result == "" {
		return nil, nil
	}
	if result[0] != '[' {
		return []string{result}, nil
	}
	var ids []string
	if err := json.Unmarshal([]byte(result), &ids); err != nil {
		return nil, fmt.Errorf("read a request's result: %w", err)
	}
	return ids, nil
}
