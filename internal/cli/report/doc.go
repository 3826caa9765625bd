// Package report is refrain report: it sums up a day, a week or a month.
package report
