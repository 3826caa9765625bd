// Package retention decides for how long what is kept of people stays, and erases it: what is over,
// and what a person asks to have erased.
package retention
