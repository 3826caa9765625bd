// Package review puts suspects before people and takes their decisions: who may
// decide what and when, and what a decision does to the number.
package review
