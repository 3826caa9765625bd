// Package reprocess is refrain reprocess: it has past calls judged again, and shows what changes.
package reprocess
