// Package output writes results for people, as text and tables, and for other programs, as
// JSON lines whose fields other tools rely on.
package output
