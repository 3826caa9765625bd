// Package export is refrain export: what a server knows of calls, in forms that other systems read.
package export
