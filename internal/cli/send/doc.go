// Package send is refrain send: it uploads recordings whose particulars come from flags, a
// manifest or their files' names.
package send
