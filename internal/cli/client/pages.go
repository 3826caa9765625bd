package client

import (
	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/usage"
)

// Limit is how many of a list are shown at most; 0 is no limit.
type Limit int

// LimitFlag adds --limit, with what holds where it is not given.
func LimitFlag(cmd *cobra.Command, l *Limit, byDefault Limit) {
	cmd.Flags().IntVar((*int)(l), "limit", int(byDefault), "at most so `many`, the newest; 0 for "+
		"all")
}

// largestPage is how many of a list are asked for at once.
const largestPage = 500

// Pages goes through a list. Page asks for up to size of it at token, shows them, and gives how
// many they were and the token of the next page.
func (l Limit) Pages(
	page func(size int32, token string) (n int, next string, err error),
) error {
	if l < 0 {
		return usage.Errorf("--limit is %d; it must be 0 (no limit) or more", l)
	}
	token := ""
	for seen := 0; ; {
		size := largestPage
		if l > 0 {
			size = min(size, int(l)-seen)
		}
		n, next, err := page(int32(size), token)
		if err != nil {
			return err
		}
		seen, token = seen+n, next
		if next == "" || l > 0 && seen >= int(l) {
			return nil
		}
	}
}
