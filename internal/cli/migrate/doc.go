// Package migrate is refrain migrate: it moves a data directory to PostgreSQL and a bucket, and takes care of the
// tables and roles there.
package migrate
