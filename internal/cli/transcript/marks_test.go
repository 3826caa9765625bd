package transcript

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMarked(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text string
		marks      []Mark
		want       string
	}{
		{"none", "你好", nil, "你好"},
		{"one", "我没兴趣。", []Mark{{1, 4, false}}, "我【没兴趣】。"},
		{"out of order", "不要，没兴趣", []Mark{{3, 6, false}, {0, 2, false}},
			"【不要】，【没兴趣】"},
		{"vetoed", "不是没兴趣", []Mark{{2, 5, true}}, "不是〔没兴趣〕"},
		{"what counts wins", "别再打了", []Mark{{0, 3, true}, {1, 4, false}}, "别【再打了】"},
		{"overlapping", "再打我就投诉你", []Mark{{2, 6, false}, {0, 4, false}, {1, 2, false}},
			"【再打我就投诉】你"},
		{"touching", "别打了没兴趣", []Mark{{0, 3, false}, {3, 6, false}}, "【别打了】【没兴趣】"},
		{"overlapping vetoed", "不是没兴趣", []Mark{{2, 5, true}, {1, 3, true}}, "不〔是没兴趣〕"},
		{"beyond the text", "你好", []Mark{{1, 5, false}, {-1, 1, false}, {1, 1, false}}, "你好"},
	} {
		require.Equal(t, tt.want, Highlight(tt.text, tt.marks), tt.name)
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "0:00.0", 950 * time.Millisecond: "0:01.0", 62340 * time.Millisecond: "1:02.3",
		time.Hour: "60:00.0",
	} {
		require.Equal(t, want, Clock(d))
	}
}
