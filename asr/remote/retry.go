package remote

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/sethvargo/go-retry"

	"github.com/refrain-asr/refrain/asr"
)

// The pauses between tries, doubled each time, by up to a half longer or shorter. A server
// that asks for more than longestPause is left alone: the recording waits, not the window.
const (
	firstPause   = 500 * time.Millisecond
	mostPause    = 10 * time.Second
	longestPause = 30 * time.Second
)

// persistently sends a window until the server answers it or was tried often enough.
func (s *server) persistently(ctx context.Context, f form) (phrases []asr.Phrase, err error) {
	var last *Error
	err = retry.Do(ctx, s.pauses(&last), func(ctx context.Context) error {
		phrases, err = s.once(ctx, f)
		failed, ok := errors.AsType[*Error](err)
		if !ok {
			return err
		}
		last = failed
		if failed.again() {
			return retry.RetryableError(err)
		}
		return err
	})
	if err == nil || ctx.Err() == nil {
		return phrases, err
	}
	if last == nil {
		return nil, s.over(ctx)
	}
	// Both matter: that the time is over, and that it was over because of the server.
	return nil, errors.Join(last, s.over(ctx))
}

// pauses are those between the tries of one window, at least as long as the server asked.
func (s *server) pauses(last **Error) retry.Backoff {
	grow := retry.WithJitterPercent(50,
		retry.WithCappedDuration(mostPause, retry.NewExponential(firstPause)))
	return retry.WithMaxRetries(uint64(s.cfg.Retries),
		retry.BackoffFunc(func() (time.Duration, bool) {
			d, stop := grow.Next()
			return max(d, (*last).pause), stop
		}))
}

// retryAfter reads the header of that name: seconds, or a date. 0 where it says nothing.
func retryAfter(header string, now time.Time) time.Duration {
	const most = 24 * time.Hour
	if seconds, err := strconv.Atoi(header); err == nil {
		return time.Duration(max(0, min(seconds, int(most/time.Second)))) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(0, min(at.Sub(now), most))
	}
	return 0
}
