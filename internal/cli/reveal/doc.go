// Package reveal is refrain reveal: it tells one number in full, and has it recorded.
package reveal
