// Package record is what refrain batch keeps of a call: a line of JSON that says all of it.
package record
