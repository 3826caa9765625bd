package keywords

import (
	"cmp"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/refrain-asr/refrain/asr"
)

// Answerer is who or what answered a call, as far as the customer's track tells: a stable
// name in lower_snake_case, empty where it isn't known.
type Answerer string

// The answerers.
const (
	// Human: somebody speaks who isn't one of the machines below.
	Human Answerer = "human"
	// Announcement: a carrier's or a switchboard's, such as 您拨打的电话已关机.
	Announcement Answerer = "announcement"
	// Voicemail: a greeting that asks for a message.
	Voicemail Answerer = "voicemail"
	// Assistant: a machine that answers calls in the customer's place.
	Assistant Answerer = "assistant"
	// Music: a ring-back song or hold music, and next to no speech.
	Music Answerer = "music"
	// Nobody: there is sound, as lines have it, but nobody speaks.
	Nobody Answerer = "nobody"
)

// Machine reports whether it is one that talks: what it says are no customer's words.
func (a Answerer) Machine() bool {
	return a == Announcement || a == Voicemail || a == Assistant
}

// What machines say, also as it is misheard: 您不打的用户, 稍后再播.
var (
	announces = regexp.MustCompile(`(?i)您(所)?[拨播不][打叫](的)?(用户|电话|号码)|暂时?无法接[听通]|` +
		`(电话|手机|用户|号码)(已经?)?(关机|停机|是空号)|已关机|已停机|是空号|正在通话中|稍后再[拨播]|不在服务区|` +
		`呼入限制|暂时?无人接听|请(不要|勿)挂机|您的电话正在(转接|接通)|` +
		`(number|subscriber|user) you (have )?(dial|call)|(redial|dial again) later|` +
		`is (powered|power|switched) off|cannot be connected`)
	takesMessages = regexp.MustCompile(`(?i)(嘀|滴|哔|的|提示音)一?声?(之)?后.{0,4}(留言|说话)|语音信箱|语音留言|` +
		`请留言|留言请|(leave|record) (a|your|me a) message|voice ?mail|after the (tone|beep)`)
	// introduces is how an assistant says what it is. Customers speak of 语音助手, too, and their own
	// people say 我是他助理.
	introduces = regexp.MustCompile(`(?i)(我是|这里是|我叫).{0,6}(智能|语音|来电|通话|电话|代接|接听|机主的?|ai).{0,4}` +
		`(助手|助理|秘书|管家)|机主的.{0,6}(助手|助理|秘书|管家)|我是.{0,4}小(爱|艺|布|欧)|小(爱|艺|布|欧)(助手|助理|秘书)`)
	// owner is how assistants speak of who they answer for. Others say 我不是机主.
	owner   = regexp.MustCompile(`机主(的|他|她|现在|正在|不方便|暂时|设置|开启|已|不需要|会|没)|(找|告诉|联系)机主`)
	assists = regexp.MustCompile(`我?会?(帮您|为您)?(转告|转达)|(您|你)(找|打给)(他|她|机主).{0,4}(什么|啥)事|` +
		`有什么(事|话|需要).{0,6}(转告|转达|留言)|我(来|已|可以)?(帮|替|代)(您|他|她|机主)(记录|记下|接听)`)
	// present is what only somebody on the line says.
	present   = regexp.MustCompile(`喂|本人|我[^们]|我$|你们|咱|哪位|哪里|谁|干嘛|干什么`)
	takesOver = regexp.MustCompile(`^喂|我(就)?是机主([，。,！! ]|$)|本人|我(来|已经)?接(了|起)`)
	greeting  = regexp.MustCompile(`您好|你好|对不起|sorry|[\p{P}\p{Z}\s]`)
)

// leastTold is the share of the words that must be an announcement's: it is heard badly now
// and then, and played more than once.
const leastTold = 0.6

// machine tells which machine speaks in a transcript from the answer on, and by which words;
// Human or "" where none does.
func machine(t asr.Transcript, answered time.Duration) (a Answerer, words string) {
	var said []string
	for _, s := range t.Segments {
		if s.End > answered && !asr.IsEcho(s.AgentLikeness) && greeting.ReplaceAllString(s.Text, "") != "" {
			said = append(said, s.Text)
		}
	}
	if len(said) == 0 {
		return "", ""
	}
	if words := assistant(said); words != "" {
		return Assistant, words
	}
	if words, message := announcement(said); words != "" && message {
		return Voicemail, words
	} else if words != "" {
		return Announcement, words
	}
	return Human, ""
}

// assistant gives the words by which an assistant is told, unless somebody takes over. One that
// doesn't say what it is speaks of the owner, and of what it does for them.
func assistant(said []string) (words string) {
	whole := strings.Join(said, "\n")
	if words = introduces.FindString(whole); words == "" && assists.MatchString(whole) {
		words = owner.FindString(whole)
	}
	if words == "" {
		return ""
	}
	for _, text := range said {
		if takesOver.MatchString(text) && !introduces.MatchString(text) {
			return ""
		}
	}
	return words
}

// announcement gives the words by which an announcement or voicemail is told, if hardly
// anything else is said, and whether it asks for a message.
func announcement(said []string) (words string, message bool) {
	told, all := 0, 0
	for _, text := range said {
		n := utf8.RuneCountInString(greeting.ReplaceAllString(strings.ToLower(text), ""))
		all += n
		asks, mark := takesMessages.FindString(text), announces.FindString(text)
		if asks != "" { // also one that the customer spoke: 我现在不方便，请留言
			message, words, told = true, asks, told+n
			continue
		}
		if present.MatchString(text) {
			return "", false
		}
		if mark != "" {
			words, told = cmp.Or(words, mark), told+n
		}
	}
	if float64(told) < leastTold*float64(all) {
		return "", false
	}
	return words, message
}

const (
	// leastMusic is for how long a track must have a pitch that is no voice.
	leastMusic = 5 * time.Second
	// mostSpeech is the share of the sound that may be taken for speech in music.
	mostSpeech = 0.2
)

// machineSpeaks vetoes all hits where a machine speaks, and tells which as far as the text does.
func (a *account) machineSpeaks(t asr.Transcript, answered time.Duration) Answerer {
	told, words := machine(t, answered)
	if told.Machine() {
		a.spokenByMachine(words)
	}
	return told
}

// spokenByMachine vetoes all hits: a machine's words are nobody's refusal.
func (a *account) spokenByMachine(words string) {
	for i := range a.hits {
		if a.hits[i].Veto == nil {
			a.hits[i].Veto = &Veto{VetoAnnouncement, words}
		}
	}
}

// answeredBy tells who answered, by what machine found and by the sound. A suspect was
// spoken by somebody.
func answeredBy(
	t asr.Transcript, answered time.Duration, told Answerer, suspect bool,
) Answerer {
	if told.Machine() || suspect || t.Sounds == nil {
		return told
	}
	speech, other := lengthFrom(t.Utterances, answered), lengthFrom(t.OtherSounds, answered)
	switch {
	case t.OtherSounds != nil && min(other, t.Sounds.Customer.Talk) >= leastMusic &&
		speech.Seconds() <= mostSpeech*(speech+other).Seconds():
		return Music
	case told == "" && speech == 0 && t.Sounds.Customer.Peak > asr.DeadLevel:
		return Nobody
	}
	return told
}

// lengthFrom is how long the spans last in all, from a time on.
func lengthFrom(spans []asr.Span, from time.Duration) (sum time.Duration) {
	for _, s := range spans {
		sum += max(0, s.End-max(s.Start, from))
	}
	return sum
}
