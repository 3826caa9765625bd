package number

import "strconv"

// The lengths of Chinese numbers: mobile ones, and those with an area code but without the 0 before it.
const (
	mobileLength = len("13800138000")
	leastFixed   = len("10") + len("1234567")
	mostFixed    = len("755") + len("12345678")
)

// leastForeign is how many digits in a text are at least taken for a number with its country code.
const leastForeign = 7

// Candidates are what may be numbers in a text, in whatever way a Finder knows them: Chinese mobile
// numbers wherever they stand, and all else that begins and ends where digits stand together. Most are
// nobody's. Numbers of other countries are among them only with their country code.
func Candidates(text string) (found []Number) {
	runs(text, func(run []figure, values []byte) {
		if len(values) < minDigits {
			return
		}
		for from := range values {
			if isMobile(values[from:]) {
				found = with(found, "86", values[from:from+mobileLength])
			}
			if from > 0 && touches(run, from-1) {
				continue
			}
			for to := from + minDigits; to <= min(len(values), from+len("00")+maxDigits); to++ {
				if to == len(values) || !touches(run, to-1) {
					found = asDialled(found, values[from:to])
				}
			}
		}
	})
	return found
}

// isMobile tells that what begins so begins with a Chinese mobile number.
func isMobile(values []byte) bool {
	return len(values) >= mobileLength && values[0] == '1' && values[1] >= '3'
}

// asDialled adds what is reached by dialling digits in China.
func asDialled(found []Number, digits []byte) []Number {
	switch {
	case digits[0] != '0':
		if len(digits) >= leastForeign {
			found = with(found, "", digits)
		}
		if len(digits) <= mostFixed {
			found = with(found, "86", digits)
		}
	case digits[1] == '0':
		found = with(found, "", digits[2:])
	case len(digits) > leastFixed:
		found = with(found, "86", digits[1:])
	}
	return found
}

func with(found []Number, country string, digits []byte) []Number {
	if len(digits) == 0 || digits[0] == '0' {
		return found
	}
	v, err := strconv.ParseUint(country+string(digits), 10, 64)
	if err != nil {
		return found
	}
	if n, err := FromDigits(v); err == nil {
		found = append(found, n)
	}
	return found
}
