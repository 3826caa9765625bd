package whisper

import "context"

type aloneKey struct{}

// Alone marks a context: a window transcribed under it runs while no other window
// does, so that if the speech process dies, this window is why. It waits until the
// windows before it are done, and those after it wait for it.
func Alone(ctx context.Context) context.Context {
	return context.WithValue(ctx, aloneKey{}, true)
}

func isAlone(ctx context.Context) bool {
	alone, _ := ctx.Value(aloneKey{}).(bool)
	return alone
}
