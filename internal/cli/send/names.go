package send

import (
	"errors"
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/naming"
	"github.com/refrain-asr/refrain/internal/cli/upload"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// fromNames are the recordings of which their files' names tell the particulars. What holds the
// agent's side alone is left out: nothing that the agent says is a refusal.
func (o *options) fromNames(c *console.Console, files []string) (items []upload.Recording, err error) {
	read, err := o.names.Reader("call_id", "number")
	if err != nil {
		return nil, err
	}
	agents := 0
	for _, file := range files {
		it := o.item(file)
		facts, err := read(file)
		if err == nil && facts.Side == naming.Agent {
			agents++
			continue
		}
		if err == nil {
			err = tell(it.Meta, facts)
		}
		it.Err = err
		items = append(items, it)
	}
	if agents > 0 {
		c.Errorf("%d files that hold the agent's side alone are not sent", agents)
	}
	return items, nil
}

// tell sets what a name says.
func tell(m *pb.RecordingMetadata, f naming.Facts) error {
	start := ""
	if !f.Start.IsZero() {
		start = f.Start.Format(time.RFC3339)
	}
	channel := ""
	if f.Side == naming.Customer {
		channel = "mono"
	}
	for _, field := range []struct{ name, value string }{
		{"call_id", f.CallID}, {"number", f.Number}, {"part", f.Alone()}, {"agent", f.Agent}, {"line", f.Line}, {"source", f.Source},
		{"started_at", start}, {"customer_channel", channel},
	} {
		if err := upload.SetField(m, field.name, field.value); err != nil {
			return fmt.Errorf("%s %q %w", field.name, field.value, err)
		}
	}
	switch {
	case f.CallID == "":
		return errors.New("its name tells no call id")
	case f.Number == "":
		return errors.New("its name tells no customer's number")
	}
	return nil
}
