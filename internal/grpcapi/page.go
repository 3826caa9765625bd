package grpcapi

import (
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/refrain-asr/refrain/fault"
)

// Page sizes of every list method.
const (
	defaultPage = 50
	maxPage     = 1000
)

// pageSize applies the rules of AIP-158.
func pageSize(n int32, wrong *fault.Fields) int {
	switch {
	case n < 0:
		wrong.Add("page_size", "is negative")
		return 0
	case n == 0:
		return defaultPage
	}
	return min(int(n), maxPage)
}

// cursor is where a page ended: the sort key of its last row.
type cursor struct {
	at time.Time
	id string
}

// pager makes page tokens that only this server's data directory accepts, and only
// for the list and filter they were made for. Nobody else can read them: the id may be a call's, with a number in it.
type pager struct{ key []byte }

const pageTag = 16

// token names the page after c in the list that filter describes.
func (p pager) token(filter string, c cursor) string {
	body := binary.BigEndian.AppendUint64(nil, uint64(c.at.UnixMicro()))
	body = append(body, c.id...)
	return base64.RawURLEncoding.EncodeToString(sealed(p.key, filter, body, pageTag))
}

// parse reads a token; "" is the first page, for which it returns nil.
func (p pager) parse(filter, token string, wrong *fault.Fields) *cursor {
	if token == "" {
		return nil
	}
	b, err := base64.RawURLEncoding.DecodeString(token)
	body, ok := unsealed(p.key, filter, b, pageTag)
	if err != nil || !ok || len(body) < 8 {
		wrong.Add("page_token", "is not one that this list gave out for this filter; start again "+
			"without it")
		return nil
	}
	return &cursor{at: time.UnixMicro(int64(binary.BigEndian.Uint64(body))).UTC(),
		id: string(body[8:])}
}
