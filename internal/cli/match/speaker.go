package match

import (
	"fmt"
	"slices"
	"strings"

	"github.com/refrain-asr/refrain/asr"
)

// speakers tells by the column speaker who said a text.
type speakers struct{ customer string }

// What services that transcribe call the sides of a call. A caller or 主叫 is the agent for some
// and the customer for others, and a figure is either.
var (
	customers = []string{"customer", "client", "user", "callee", "guest", "客户", "客人", "用户", "顾客", "被叫"}
	agents    = []string{"agent", "seat", "staff", "operator", "service", "sales", "robot", "bot", "系统",
		"坐席", "座席", "客服", "业务员", "话务员", "销售", "员工", "机器人", "座席员", "坐席员"}
)

// of is the side of a speaker.
func (s speakers) of(speaker string) (asr.Side, error) {
	name := strings.ToLower(strings.TrimSpace(speaker))
	if s.customer != "" {
		switch name {
		case "":
			return "", fmt.Errorf("doesn't say who is speaking")
		case strings.ToLower(strings.TrimSpace(s.customer)):
			return asr.Customer, nil
		}
		return asr.Agent, nil
	}
	plain := strings.TrimRight(name, "0123456789 _-:：")
	switch {
	case slices.Contains(customers, plain):
		return asr.Customer, nil
	case slices.Contains(agents, plain):
		return asr.Agent, nil
	}
	return "", fmt.Errorf("has the speaker %q; say what the column says of the customer, such as "+
		"--customer %q", speaker, speaker)
}
