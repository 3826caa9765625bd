package recording

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/audio"
)

// call is half a minute in which both sides speak as usual.
func call() asr.Sounds {
	agent := asr.Sound{Length: 30 * time.Second, Peak: -14, Loud: 0.2, Talk: 12 * time.Second,
		TalkLevel: -23}
	customer := asr.Sound{Length: 30 * time.Second, Peak: -18, Loud: 0.1, Talk: 6 * time.Second,
		TalkLevel: -28}
	return asr.Sounds{Customer: customer, Agent: &agent, Aside: customer}
}

func said(texts ...string) (all []asr.Segment) {
	for i, text := range texts {
		at := time.Duration(i+1) * 3 * time.Second
		all = append(all, asr.Segment{Span: asr.Span{Start: at, End: at + 2*time.Second}, Text: text})
	}
	return all
}

func TestHeardDefects(t *testing.T) {
	t.Parallel()
	still := func(peak, loud float64) func(*asr.Sounds) {
		return func(s *asr.Sounds) {
			s.Customer.Peak, s.Customer.Loud, s.Customer.Talk = peak, loud, 0
			s.Customer.TalkLevel = asr.Quietest
			s.Aside = s.Customer
		}
	}
	faint := func(level float64) func(*asr.Sounds) {
		return func(s *asr.Sounds) {
			still(level+8, 0)(s)
			s.Aside.Talk, s.Aside.TalkLevel = 5*time.Second, level
		}
	}
	as := func(change func(*asr.Sounds)) func(*asr.Sounds) { return change }
	for _, tt := range []struct {
		name   string
		change func(*asr.Sounds)
		said   []asr.Segment
		want   Defect
	}{
		{"a call", nil, said("喂，你好。", "不用了"), ""},
		{"digital silence", still(asr.Quietest, 0), nil, CustomerDead},
		{"the idle noise of A-law", still(-71, 0), nil, CustomerDead},
		{"line noise", still(-62, 0), nil, ""},
		{"comfort noise", still(-40, 0), nil, ""},
		{"a loud room, now and then", still(-20, 0.6), nil, ""},
		{"noise all along", still(-12, 1), nil, CustomerNoise},
		{"loud music", as(func(s *asr.Sounds) {
			s.Customer.Peak, s.Customer.Loud, s.Customer.Talk = -12, 1, s.Customer.Length/4
		}), nil, ""},
		{"noise of which the model made words", still(-12, 1), said("谢谢观看"), ""},
		{"far too quiet", faint(-63), nil, CustomerFaint},
		{"so quiet that there is no level left", faint(-80), nil, CustomerFaint},
		{"quiet, but understood", as(func(s *asr.Sounds) {
			s.Aside.TalkLevel, s.Customer.TalkLevel = -51, -51
		}), said("喂"), ""},
		{"far below the agent, though words were made of it", as(func(s *asr.Sounds) {
			s.Aside.TalkLevel, s.Customer.TalkLevel = -55, -55
		}), said("喂"), CustomerFaint},
		{"a quiet line on both sides", as(func(s *asr.Sounds) {
			s.Aside.TalkLevel, s.Customer.TalkLevel, s.Agent.TalkLevel = -55, -55, -50
		}), said("喂"), ""},
		{"a breath", as(func(s *asr.Sounds) {
			still(-55, 0)(s)
			s.Aside.Talk, s.Aside.TalkLevel = 200*time.Millisecond, -63
		}), nil, ""},
		{"the agent's script", nil, said("您好，这里是培训中心。", "我们最近有个活动。"), SidesSwapped},
		{"in one breath", nil, said("您好，我是保险公司的客服，给您介绍一下"), SidesSwapped},
		{"a switchboard", nil, said("您好，这里是东方酒店。", "请问您找哪位", "不需要"), ""},
		{"a customer who quotes", nil, said("喂", "你们说打扰了，还打", "您听我说"), ""},
		{"the agent's echo", as(func(s *asr.Sounds) { s.Aside.Talk = 0 }),
			said("您好，这里是培训中心。", "我们最近有个活动。"), ""},
		{"a mono file", as(func(s *asr.Sounds) { s.Agent = nil }),
			said("您好，这里是培训中心。", "我们最近有个活动。"), ""},
		{"late in the call", nil, said("喂", "嗯", "嗯", "嗯", "嗯", "嗯", "嗯",
			"您好，这里是培训中心。", "打扰您了"), ""},
		{"nobody answers him", as(func(s *asr.Sounds) {
			s.Customer.Talk, s.Aside.Talk, s.Agent.Talk = 27*time.Second, 27*time.Second, 0
		}), said("我跟你讲"), SidesSwapped},
		{"an announcement", as(func(s *asr.Sounds) {
			s.Customer.Talk, s.Aside.Talk, s.Agent.Talk = 27*time.Second, 27*time.Second, 0
		}), said("您拨打的电话已关机"), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sounds := call()
			if tt.change != nil {
				tt.change(&sounds)
			}
			want := Defects(0)
			if tt.want != "" {
				want = want.Add(tt.want)
			}
			got := HeardDefects(asr.Transcript{Segments: tt.said, Sounds: &sounds}, 0)
			require.Equal(t, want, got, "%s", got)
		})
	}
	require.Zero(t, HeardDefects(asr.Transcript{}, 0), "not measured")
	require.Zero(t, HeardDefects(asr.Transcript{Sounds: &asr.Sounds{}}, 0), "nothing after the answer")
}

func TestDefects(t *testing.T) {
	t.Parallel()
	of := func(seconds int64, talk time.Duration) Recording {
		return Recording{Audio: audio.Info{Rate: 8000, Frames: 8000 * seconds}, Talk: talk}
	}
	part, offset := of(10, time.Minute), of(30, 30*time.Second)
	part.Part, offset.AnswerOffset = "leg2", 15*time.Second
	broken := of(10, 0)
	broken.Heard = Defects(0).Add(SidesSwapped)
	broken.Audio.Sizes, broken.Audio.Truncated = audio.SizesStreamed, true
	for _, tt := range []struct {
		name string
		r    Recording
		want string
	}{
		{"not reported yet", of(10, 0), ""},
		{"as long as the call", of(21, 21*time.Second), ""},
		{"longer, with the ringing", of(40, 21*time.Second), ""},
		{"half of it", of(10, 21*time.Second), "shorter_than_call"},
		{"a late beginning", of(16, 21*time.Second), ""},
		{"a late beginning of a short call", of(2, 4*time.Second), ""},
		{"half of it after the answer", offset, "shorter_than_call"},
		{"a part", part, ""},
		{"several", broken, "sides_swapped,header_unfinished,truncated"},
	} {
		require.Equal(t, tt.want, tt.r.Defects().String(), tt.name)
	}
}

func TestDefectNames(t *testing.T) {
	t.Parallel()
	all := Defects(0).Add(allDefects[:]...)
	require.Equal(t, allDefects[:], all.All())
	got, err := ParseDefects(all.String())
	require.NoError(t, err)
	require.Equal(t, all, got)
	for _, d := range allDefects {
		require.NotEmpty(t, d.Advice(), d)
	}
	require.NotNil(t, Defects(0).All())
	_, err = ParseDefects("truncated,odd")
	require.ErrorContains(t, err, `"odd"`)
	require.Panics(t, func() { Defects(0).Add("odd") })
}
