// Package normal makes Chinese text comparable, and knows for each character of the result
// which characters of the original it came from.
package normal
