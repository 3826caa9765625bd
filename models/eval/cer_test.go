package eval_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/models/eval"
)

func TestErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		said, heard string
		wrong, of   int
	}{
		{"", "", 0, 0},
		{"不用了，谢谢。", "不用了谢谢", 0, 5},
		{"没兴趣", "沒興趣!", 0, 3},
		{"打3个电话", "打三个電話", 0, 5},
		{"不需要", "不虚要了", 2, 3},
		{"别打了", "", 3, 3},
		{"OK好的", "ok 好的", 0, 4},
	} {
		wrong, of := eval.Errors(c.said, c.heard)
		require.Equal(t, [2]int{c.wrong, c.of}, [2]int{wrong, of}, "%s heard as %s", c.said, c.heard)
	}
}
