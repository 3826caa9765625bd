// Package audit is refrain audit: it reads and verifies the record of who did what.
package audit
