// Package files opens, reads and makes the files that users name.
package files
