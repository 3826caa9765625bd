// Package table makes tables, CSV or Parquet, of the lines that refrain batch kept.
package table
