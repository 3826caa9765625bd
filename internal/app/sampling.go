package app

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/review"
)

// newSampling chooses by a key of its own, which lives as long as the data directory.
func newSampling(c config.Review, secret []byte, zone func() *time.Location) (review.Sampling, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "refrain blind samples v1", sha256.Size)
	if err != nil {
		return review.Sampling{}, fmt.Errorf("derive the key of blind samples: %w", err)
	}
	return review.Sampling{Share: c.BlindShare, PerDay: c.BlindPerDay, Second: c.SecondShare,
		Key: key, Zone: zone}, nil
}
