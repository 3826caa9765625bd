package record

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"

	"github.com/refrain-asr/refrain/internal/cli/batch/journal"
	"github.com/refrain-asr/refrain/internal/cli/output"
)

// Mark is what the journal knows a line by.
func Mark(line []byte) (journal.Mark, error) {
	l, err := Decode(line)
	if err != nil {
		return journal.Mark{}, err
	}
	f := l.Facts()
	return journal.Mark{Key: f.Key(), Made: Hash(l.Settings), Told: f.told(l.Lexicon, l.Threshold), With: Hash(l.HeardWith)}, nil
}

// Facts are those that the line tells.
func (l Line) Facts() Facts {
	f := Facts{File: l.File, Member: output.OrEmpty(l.Member), AgentFile: l.AgentFile, AgentMember: l.AgentMember,
		CallID: output.OrEmpty(l.CallID), Part: l.Part, Number: output.OrEmpty(l.Number), Agent: output.OrEmpty(l.Agent),
		Trunk: output.OrEmpty(l.Trunk), SHA256: l.SHA256, Settings: l.Settings}
	f.start = output.OrEmpty(l.Start)
	return f
}

// Key is which recording it is: the same sound in the same place, whether numbers are shown or not.
func (f Facts) Key() (k journal.Key) {
	m := f.masked()
	sum := sha256.Sum256([]byte(strings.Join([]string{m.SHA256, m.File, m.Member, m.AgentFile, m.AgentMember}, "\x00")))
	copy(k[:], sum[:])
	return k
}

// Told is a hash of all that a line says beside what was heard.
func (f Facts) Told(lexicon string, threshold float64) uint64 { return f.told(lexicon, threshold) }

func (f Facts) told(lexicon string, threshold float64) uint64 {
	bits := binary.BigEndian.AppendUint64(nil, uint64(threshold*1e9))
	return Hash(strings.Join([]string{f.File, f.Member, f.AgentFile, f.AgentMember, f.CallID, f.Part, f.Number, f.Agent,
		f.Trunk, f.startText(), lexicon, string(bits)}, "\x00"))
}

// Hash is a short name of a text for comparing; 0 for none.
func Hash(text string) uint64 {
	if text == "" {
		return 0
	}
	sum := sha256.Sum256([]byte(text))
	return binary.BigEndian.Uint64(sum[:])
}
