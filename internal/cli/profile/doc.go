// Package profile reads which server a person's commands talk to, and with what, so that daily
// commands stay short.
package profile
