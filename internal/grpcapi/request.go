package grpcapi

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"

	"google.golang.org/protobuf/proto"

	"github.com/refrain-asr/refrain/request"
)

// identified is a request that may name itself.
type identified interface {
	proto.Message
	GetRequestId() string
}

// request names a request by its id, with a digest of all that it asks for and of who asks: the same
// id with other contents, or from somebody else, is no repetition. The digest is keyed, since numbers
// are few enough to be tried out.
func (d *Deps) request(ctx context.Context, method string, req identified) request.Request {
	r := request.Request{Method: method, ID: req.GetRequestId()}
	if r.ID == "" {
		return r
	}
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(req)
	if err != nil {
		return r // it came from the wire, so it goes there; else the subject alone counts
	}
	by, _ := actor(ctx) // who need not say who they are are told apart by what they ask for
	digest := func(key []byte) string {
		h := hmac.New(sha256.New, key)
		for _, part := range [][]byte{[]byte(method), []byte(by), raw} {
			_ = binary.Write(h, binary.BigEndian, uint64(len(part))) // a hash takes all that it is given
			h.Write(part)
		}
		return hex.EncodeToString(h.Sum(nil))
	}
	r.Digest = digest(d.TokenKey)
	r.Former = append(r.Former, plainDigest(d.TokenKey, method, raw))
	for _, key := range d.FormerTokenKeys {
		r.Former = append(r.Former, digest(key), plainDigest(key, method, raw))
	}
	return r
}

// plainDigest is what digests were before they said who asks.
func plainDigest(key []byte, method string, raw []byte) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(method))
	h.Write(raw)
	return hex.EncodeToString(h.Sum(nil))
}
