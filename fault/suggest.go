package fault

import "fmt"

// DidYouMean ends a message about an unknown word: with the known one that is written
// most like it, or with nothing where none is near.
func DidYouMean(word string, known []string) string {
	best, distance := "", 3
	for _, k := range known {
		if d := edits(word, k); d < distance && d < max(len([]rune(k)), 2) {
			best, distance = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// edits counts the characters to insert, drop or change that make b of a.
func edits(a, b string) int {
	from, to := []rune(a), []rune(b)
	if len(from) > 40 || len(to) > 40 {
		return 40
	}
	row := make([]int, len(to)+1)
	for i := range row {
		row[i] = i
	}
	for i, r := range from {
		diagonal := row[0]
		row[0] = i + 1
		for k, s := range to {
			cost := diagonal
			if r != s {
				cost++
			}
			diagonal = row[k+1]
			row[k+1] = min(cost, row[k]+1, row[k+1]+1)
		}
	}
	return row[len(to)]
}
