// Package s3test runs a real S3-compatible server for tests: versitygw, on a folder.
package s3test
