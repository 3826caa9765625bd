// Package review is refrain review: it lists and shows suspects, and decides on them.
package review
