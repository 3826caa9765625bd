// Package model is refrain model: it lists, downloads and verifies Whisper models.
package model
