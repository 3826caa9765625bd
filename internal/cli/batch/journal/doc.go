// Package journal keeps what became of recordings as lines of JSON in a file that survives its
// program's death: whole lines, in the order in which they were done.
package journal
