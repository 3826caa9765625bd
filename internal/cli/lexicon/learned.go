package lexicon

import (
	"fmt"
	"strconv"

	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/keywords/lexicon"
	"github.com/refrain-asr/refrain/keywords/lexicon/learn"
)

// ItemLine is something that was learned, as JSON.
type ItemLine struct {
	Kind      string  `json:"kind"`
	Text      string  `json:"text"`
	Weight    float64 `json:"weight"`
	Confirmed int     `json:"confirmed"`
	Dismissed int     `json:"dismissed"`
}

// Learned sums up what was learned, as JSON.
type Learned struct {
	Confirmed int `json:"confirmed"`
	Dismissed int `json:"dismissed"`
	// FalseSuspects of the dismissed would remain, and Lost of the confirmed be lost, by what was
	// learned from the others. Raised and Gained are calls without and with a refusal that weren't
	// suspects and would be.
	FalseSuspects int     `json:"false_suspects"`
	Lost          int     `json:"lost"`
	Raised        int     `json:"raised"`
	Gained        int     `json:"gained"`
	Shift         float64 `json:"shift"`
	Items         int     `json:"items"`
	Upon          string  `json:"upon"`
	Lexicon       string  `json:"lexicon"`
	File          string  `json:"file"` // empty where none was written
}

func (l *learning) tell(r learn.Result) error {
	s := Learned{Confirmed: r.Confirmed, Dismissed: r.Dismissed, FalseSuspects: r.False,
		Lost: r.Lost, Raised: r.Raised, Gained: r.Gained, Shift: r.Correction.Shift, Items: len(r.Correction.Items),
		Upon: r.Correction.Upon, Lexicon: r.Lexicon.ID(), File: l.out}
	if *l.format == output.JSON {
		for _, i := range r.Correction.Items {
			err := l.JSON(ItemLine{string(i.Kind), i.Text, i.Weight, i.Confirmed, i.Dismissed})
			if err != nil {
				return err
			}
		}
		return l.JSON(s)
	}
	if err := l.table(r.Correction); err != nil {
		return err
	}
	return l.Println(s.text(len(r.Spared))...)
}

// table lists what was learned for people.
func (l *learning) table(c *lexicon.Correction) error {
	t := output.NewTable("WEIGHT", "CONFIRMED", "DISMISSED", "WHAT")
	t.Add(fmt.Sprintf("%+.2f", c.Shift), strconv.Itoa(c.Confirmed), strconv.Itoa(c.Dismissed),
		"every passage")
	for _, i := range c.Items {
		t.Add(fmt.Sprintf("%+.2f", i.Weight), strconv.Itoa(i.Confirmed), strconv.Itoa(i.Dismissed),
			i.String())
	}
	return t.Write(l.Out)
}

// text is the summary for people.
func (s Learned) text(spared int) []string {
	lines := []string{
		fmt.Sprintf("%d items learned from %d confirmed and %d dismissed suspects of %s", s.Items,
			s.Confirmed, s.Dismissed, s.Upon),
		fmt.Sprintf("judged by what was learned from the others: of %d false suspects %d would "+
			"remain; of %d true ones %d would be lost", s.Dismissed, s.FalseSuspects, s.Confirmed,
			s.Lost),
	}
	if s.Raised+s.Gained > 0 {
		lines = append(lines, fmt.Sprintf("of the other calls %d would be suspects with a refusal, "+
			"%d without", s.Gained, s.Raised))
	}
	if spared > 0 {
		lines = append(lines, fmt.Sprintf("%d changes so that each sentence of the lexicon is still "+
			"found", spared))
	}
	if s.File == "" {
		return append(lines, "nothing was written; write the lexicon with --out FILE")
	}
	return append(lines, fmt.Sprintf("%s is %s; see what it would change, also which calls would "+
		"become suspects, then switch it on:", s.File, s.Lexicon),
		"  refrain lexicon backtest "+s.File, "  refrain lexicon activate "+s.File)
}
