// Package vcon tells of calls in the form that other systems read: vCon, the IETF's container for
// conversations (draft-ietf-vcon-vcon-core).
package vcon
