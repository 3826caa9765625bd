package match

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/internal/cli/sheet"
	"github.com/refrain-asr/refrain/number"
)

// speakers tells by the column speaker who said a text.
type speakers struct {
	// customer is what the column says of the customer; without it names that are usual.
	customer []string

	customers int            // rows that are the customer's
	others    map[string]int // rows of each other speaker
}

// What services that transcribe call the sides of a call, and what is neither's but not the customer's. A
// caller or 主叫 is the agent for some and the customer for others, and a figure is either.
var (
	customers = []string{"customer", "client", "user", "callee", "guest", "客户", "客人", "用户", "顾客", "被叫"}
	agents    = []string{"agent", "seat", "staff", "operator", "service", "sales", "robot", "bot", "坐席",
		"座席", "客服", "业务员", "话务员", "销售", "员工", "机器人", "座席员", "坐席员", "assistant", "ai", "system", "ivr",
		"系统"}
)

// errSpeaker is of rows of which nobody knows whose they are.
var errSpeaker = errors.New("speaker")

// of is the side of a speaker.
func (s *speakers) of(speaker string) (asr.Side, error) {
	is := func(name string) bool { return sheet.SameName(name, speaker) }
	plain := strings.TrimRight(speaker, "0123456789 _-:：#号()（）")
	if len(s.customer) == 0 {
		is = func(name string) bool { return sheet.SameName(name, speaker) || sheet.SameName(name, plain) }
	}
	switch {
	case slices.ContainsFunc(s.customer, is), len(s.customer) == 0 && slices.ContainsFunc(customers, is):
		s.customers++
		return asr.Customer, nil
	case strings.TrimSpace(speaker) == "":
		s.count("")
		return "", fmt.Errorf("the %w is not named", errSpeaker)
	}
	s.count(speaker)
	if len(s.customer) > 0 || slices.ContainsFunc(agents, is) {
		return asr.Agent, nil
	}
	return "", fmt.Errorf("the %w %q is neither the customer nor the agent by name", errSpeaker,
		number.MaskName(speaker))
}

// maxSpeakers is how many kinds of speakers are told apart.
const maxSpeakers = 20

func (s *speakers) count(speaker string) {
	if s.others == nil {
		s.others = map[string]int{}
	}
	if _, known := s.others[speaker]; known || len(s.others) < maxSpeakers {
		s.others[speaker]++
	}
}

// none is the error of a table in which nobody is the customer.
func (s *speakers) none() error {
	if s.customers > 0 || len(s.others) == 0 {
		return nil
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(s.others)) {
		all = append(all, fmt.Sprintf("%q (%d)", number.MaskName(name), s.others[name]))
	}
	return fmt.Errorf("no row is the customer's: the column speaker has %s; say which of them is the "+
		"customer's with --customer", strings.Join(all, ", "))
}
