// Package metrics counts what people watch from outside: for Prometheus while the
// server runs, and day by day for reports.
package metrics
