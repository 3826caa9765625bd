package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/keywords"
)

// changeEvery: of how many calls of an archive one has a verdict that is not what it would be now.
const changeEvery = 50

// archive is a database of calls that were judged by j, of 60 characters each; every fourth has a
// refusal, and of every so many the verdict stands otherwise.
func archive(b testing.TB, path string, calls int, j *keywords.Judge) *store.DB {
	b.Helper()
	db := open(b, path)
	var heard []pastCall
	texts := callTexts(b)
	for _, text := range texts[:min(len(texts), calls/10)] { // to judge them takes a while
		heard = append(heard, judgedCall(b, text, j))
	}
	const atOnce = 1000 // in a transaction
	for first := 0; first < calls; first += atOnce {
		require.NoError(b, db.InTx(b.Context(), func(ctx context.Context, tx store.Tx) error {
			for i := first; i < min(first+atOnce, calls); i++ {
				if err := insertPast(ctx, tx, i, heard[i%len(heard)]); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	return db
}

// pastCall is a call as it is stored: JSON.
type pastCall struct {
	key, transcript, verdict string
	score                    float64
	suspect                  bool
}

func judgedCall(b testing.TB, text string, j *keywords.Judge) pastCall {
	b.Helper()
	t := transcriptOf(text)
	v := j.Transcript(t, 0)
	return pastCall{t.Settings.Key(), asJSON(b, t), asJSON(b, v), v.Score, v.Suspect}
}

func insertPast(ctx context.Context, tx store.Tx, i int, c pastCall) error {
	id := fmt.Sprintf("01K%023d", i)
	if i%changeEvery == 0 {
		c.verdict, c.score, c.suspect = `{"hits":[],"score":0.01}`, 0.01, false
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO recordings (id, call_id, part, number, agent, source, customer_channel,
			started_at, answer_offset, audio, sha256, size, state, attempts, deaths, created_at, updated_at, revision)
		VALUES ($1, $1, '', 8613800138000, 'a', 'pbx', 'right', $2, 0, '{}', '', 1, 'done', 1, 0, $2, $2, 1)`, id, i)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO transcripts (recording_id, side, settings_key, transcript, made_at)
		VALUES ($1, 'customer', $2, $3, 1)`, id, c.key, c.transcript)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO judgements (recording_id, side, settings_key, lexicon, score, suspect,
			verdict, made_at)
		VALUES ($1, 'customer', $2, 'before', $3, $4, $5, 1)`, id, c.key, c.score, map[bool]int{true: 1}[c.suspect], c.verdict)
	return err
}

func asJSON(b testing.TB, v any) string {
	b.Helper()
	text, err := json.Marshal(v)
	require.NoError(b, err)
	return string(text)
}

// callTexts are what customers say in calls: 60 characters each.
func callTexts(b testing.TB) (texts []string) {
	b.Helper()
	read := func(name string) []string {
		text, err := os.ReadFile("../../keywords/testdata/" + name)
		require.NoError(b, err)
		return strings.Split(strings.TrimSpace(string(text)), "\n")
	}
	talk, refusals := read("talk.txt"), read("lines.txt")
	draw := rand.New(rand.NewPCG(1, 2))
	for i := range 400 {
		text := ""
		for len([]rune(text)) < 60 {
			text += talk[draw.IntN(len(talk))] + "。"
		}
		runes := []rune(text)[:60]
		if i%4 == 0 {
			said := []rune(refusals[draw.IntN(len(refusals))])
			runes = append(runes[:60-min(30, len(said))], said[:min(30, len(said))]...)
		}
		texts = append(texts, string(runes))
	}
	return texts
}

// transcriptOf is text as whisper.cpp gives it: a token a character, segments of a breath.
func transcriptOf(text string) asr.Transcript {
	t := asr.Transcript{Side: asr.Customer, Settings: asr.Settings{Engine: "whisper.cpp 1.9.5", Language: "zh",
		Model: asr.Model{Name: "base-q8_0", SHA256: strings.Repeat("0123456789abcdef", 4)},
		VAD:   "silero 5 pad 300ms", Echo: "gcc-phat 2"}, Sounds: &asr.Sounds{}, Windows: 2}
	at := time.Second
	for runes := []rune(text); len(runes) > 0; runes = runes[min(12, len(runes)):] {
		snr, like := 17.283920104, 0.02718281
		s := asr.Segment{Text: string(runes[:min(12, len(runes))]), MeanLogProb: -0.312342341, NoSpeechProb: 0.0123123,
			SNR: &snr, AgentLikeness: &like}
		s.Start = at
		for _, r := range s.Text {
			s.Tokens = append(s.Tokens, asr.Token{Span: asr.Span{Start: at, End: at + 200_345_678}, Text: string(r), Prob: 0.912312341})
			at += 200_345_678
		}
		s.End, s.Utterance = at, asr.Span{Start: s.Start - 3e8, End: at + 3e8}
		t.Segments, t.Utterances = append(t.Segments, s), append(t.Utterances, s.Utterance)
		at += 2 * time.Second
	}
	t.Duration = at
	return t
}
