package config

// validateShares checks what is put before reviewers that nothing asks for.
func (r Review) validateShares(bad func(key, format string, args ...any)) {
	for key, share := range map[string]float64{
		"review.blind_share": r.BlindShare, "review.second_share": r.SecondShare,
	} {
		if !(share >= 0 && share <= 1) { // NaN is not
			bad(key, "is %g; it must lie in 0..1, such as 0.02 for 2 %%", share)
		}
	}
	if r.BlindPerDay < 0 {
		bad("review.blind_per_day", "is %d; it must be 0 (none) or more", r.BlindPerDay)
	}
}
