// Package doctor is refrain doctor: it finds what is wrong with a server and what it stands on, and
// says what to do.
package doctor
