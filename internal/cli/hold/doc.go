// Package hold is refrain hold: legal holds, which keep something from being erased.
package hold
