// Package blobtest tests what every store of audio must hold to.
package blobtest
