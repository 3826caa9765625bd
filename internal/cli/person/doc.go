// Package person is refrain person: what a person may ask for, all that is held about it, and to have
// that erased.
package person
