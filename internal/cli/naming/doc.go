// Package naming tells a call's particulars from the names that recorders give their files.
package naming
