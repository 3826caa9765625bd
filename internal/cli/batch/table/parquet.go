package table

import (
	"io"

	"github.com/parquet-go/parquet-go"
)

// rowGroup is how many rows a part of a Parquet file has: so many are in memory.
const rowGroup = 10_000

type parquetWriter struct {
	*parquet.GenericWriter[Row]
}

func newParquet(out io.Writer) *parquetWriter {
	return &parquetWriter{parquet.NewGenericWriter[Row](out, parquet.Compression(&parquet.Zstd),
		parquet.MaxRowsPerRowGroup(rowGroup), parquet.CreatedBy("refrain", "", ""))}
}

func (w *parquetWriter) add(r Row) error {
	_, err := w.Write([]Row{r})
	return err
}

func (w *parquetWriter) end() error { return w.Close() }
