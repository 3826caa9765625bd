package batch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/internal/cli/batch/record"
	"github.com/refrain-asr/refrain/internal/cli/naming"
	"github.com/refrain-asr/refrain/keywords"
)

// made is all that decides what is heard, but for the sound.
type made struct {
	Speech     asr.Settings        `json:"speech"`
	Sheaf      int                 `json:"sheaf"`
	AgentTrack keywords.AgentTrack `json:"agent_track"`
	Channel    audio.Channel       `json:"channel"`
	Answered   time.Duration       `json:"answered"`
}

// settings are those of this run.
func (b *batch) settings(ctx context.Context) (made, error) {
	s, err := b.hearer.Settings(ctx)
	return made{s, b.size(), b.hearer.AgentTrack, b.hearer.Channel, b.hearer.Answered}, err
}

// of are those of a call. Its key is part of its line.
func (m made) of(c *call) string {
	switch {
	case c.agent != nil:
		m.Channel = audio.Right
	case c.channel != "":
		m.Channel = c.channel
	case c.facts.Side == naming.Customer:
		m.Channel = audio.Mono
	}
	if c.answered != 0 {
		m.Answered = c.answered
	}
	b, err := json.Marshal(m)
	if err != nil {
		panic("batch: settings do not marshal: " + err.Error()) // plain strings and numbers
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

// sort parts a sheaf's calls: those that are to be heard, those whose lines are there, and those of the latter
// that say something that holds no longer. Errors are the calls'.
func (b *batch) sort(ctx context.Context, s sheaf) (missing, there, retold sheaf) {
	sums := make(map[*call]string, len(s))
	b.each(ctx, of(s, func(c *call) bool { return c.err == nil }), func(c *call) error {
		sum, err := c.sum(ctx)
		b.mu.Lock()
		defer b.mu.Unlock()
		sums[c] = sum
		return err
	})
	judge := b.hearer.Judge
	for _, c := range s {
		c.told = b.tell(c, sums[c])
		c.key = c.told.Key()
		mark, known := b.journal.Find(c.key)
		switch {
		case c.err != nil:
			missing = append(missing, c)
		case !known || b.o.force || mark.Made != record.Hash(c.told.Settings):
			missing = append(missing, c)
		default:
			c.mark = mark
			there = append(there, c)
			if mark.Told != c.told.Told(judge.Lexicon().ID(), judge.Threshold()) {
				retold = append(retold, c)
			}
		}
	}
	return missing, there, retold
}

// tell is what is known of a call beside its sound, as it may be shown.
func (b *batch) tell(c *call, sum string) record.Facts {
	f := record.Facts{File: c.item.File, Member: c.item.Member, CallID: c.facts.CallID, Part: c.facts.Part,
		Number: c.facts.Number, Agent: c.facts.Agent, Trunk: c.facts.Line, Start: c.facts.Start, SHA256: sum}
	if c.agent != nil {
		f.AgentFile, f.AgentMember = c.agent.File, c.agent.Member
	}
	f.Settings = b.made.of(c)
	if b.o.fullNumbers {
		return f.InFull(b.hearer.Region())
	}
	return f.Masked(b.hearer.Region())
}

// keep makes the line of a call that was heard.
func (b *batch) keep(c *call, with string) error {
	judge := b.hearer.Judge.Lexicon().ID()
	kept := record.Kept{Info: c.known.Info, Answered: c.known.Answered, Customer: c.customer, Agent: c.side, Lexicon: judge}
	return b.write(c, kept, with)
}

// retell makes the line of a call anew that was heard before, by the lexicon and the names of now.
func (b *batch) retell(c *call) error {
	text, err := b.journal.Read(c.key)
	if err != nil {
		return err
	}
	old, err := record.Decode(text)
	if err != nil {
		return err
	}
	kept, err := old.Unpack()
	if err != nil {
		return fmt.Errorf("%s: %w; hear it again with --force", c.item, err)
	}
	c.rejudged = true
	return b.write(c, kept, old.HeardWith)
}

func (b *batch) write(c *call, kept record.Kept, with string) error {
	h := b.hearer.Judged(kept.Info, kept.Answered, kept.Customer, kept.Agent)
	line, err := record.NewLine(c.told, h, b.hearer.Setup, with, kept)
	if err != nil {
		return err
	}
	c.heard = &h
	c.line, err = line.Encode()
	return err
}
