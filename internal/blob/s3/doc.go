// Package s3 keeps audio in a bucket of an S3-compatible server: what internal/blob keeps in a
// directory, under the same names and with the same promises.
package s3
