package training

import (
	"math/rand/v2"
	"strings"

	"github.com/refrain-asr/refrain/keywords/lexicon"
)

// What people begin and end with, whatever they say between: it must be no sign of a refusal,
// so refusals and ordinary talk get it alike.
var (
	openings = []string{"你好，", "喂，", "喂你好，", "您好，", "哎，", "那个，", "不好意思，",
		"对不起，", "谢谢，", "好的，", "哦，", "是，", "对，", "我说，", "哎呀，", "你听我说，"}
	endings = []string{"，谢谢", "，谢谢啊", "，好吧", "，再见", "，好，再见", "，就这样", "，行吧",
		"了", "啊", "吧", "，不好意思", "，知道了", "，好不好", "，挂了"}
)

// dressed is text with an opening or an ending now and then.
func dressed(random *rand.Rand, text string) string {
	if random.IntN(dressedShare) == 0 {
		text = openings[random.IntN(len(openings))] + text
	}
	if random.IntN(dressedShare) == 0 {
		text += endings[random.IntN(len(endings))]
	}
	return text
}

// One in so many texts gets an opening, and one an ending.
const dressedShare = 4

// wording is a text that the pattern matches, at random.
func wording(random *rand.Rand, p lexicon.Pattern) string {
	var text strings.Builder
	for _, piece := range p.Pieces {
		if !piece.Optional || random.IntN(2) == 0 {
			text.WriteString(piece.Words[random.IntN(len(piece.Words))])
		}
	}
	return text.String()
}
