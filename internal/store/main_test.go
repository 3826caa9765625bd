//go:build unix

package store_test

import (
	"os"
	"testing"

	"github.com/refrain-asr/refrain/internal/store/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
