package access

// What tests of package access_test need of it.
var (
	TOTPCode = totpCode
	StepOf   = stepOf
)

// CheckPassword refuses what is no password.
func CheckPassword(name, password string) error { return checkPassword(name, password) }

// CountTries is how many counts of failures are remembered.
func (a *Attempts) CountTries() int { return len(a.tries) }
