// Package apptest is for tests that run whole servers: what they begin from.
package apptest
