package naming

import (
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/cli/when"
)

const (
	aUUID  = "3f1c2c1e-8d1b-4c8e-9e0a-2f6d5b7a9c10"
	moment = "2026-11-27T09:15:00+08:00"
)

// said are facts as a test writes them down.
type said struct {
	callID, number, agent, line, part, start string
	side                                     Side
}

func (s said) facts(t *testing.T) Facts {
	t.Helper()
	f := Facts{CallID: s.callID, Number: s.number, Agent: s.agent, Line: s.line, Part: s.part, Side: s.side}
	if s.start != "" {
		start, err := time.Parse(time.RFC3339, s.start)
		require.NoError(t, err)
		f.Start = start
	}
	return f
}

func requireFacts(t *testing.T, want said, got Facts) {
	t.Helper()
	w := want.facts(t)
	require.True(t, w.Start.Equal(got.Start), "start is %v", got.Start)
	got.Start, got.Word, w.Start = time.Time{}, "", time.Time{}
	require.Equal(t, w, got)
}

// Names as the systems write them, from their sources, manuals and forums.
func TestPresets(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		preset, path string
		want         said
	}{
		{"freeswitch", "/usr/local/freeswitch/recordings/" + aUUID + ".wav", said{callID: aUUID}},
		{"freeswitch", "recordings/example.com/archive/2026/Nov/27/" + aUUID + ".mp3", said{callID: aUUID}},
		{"freeswitch", "2026-11-27-09-15-00_13800138000_8001.wav",
			said{"2026-11-27-09-15-00_13800138000_8001", "13800138000", "8001", "", "", moment, Both}},
		{"freeswitch", "2026-11-27-09-15-00.8001.13800138000." + aUUID + ".wav",
			said{aUUID, "13800138000", "8001", "", "", moment, Both}},
		{"freeswitch", "8001.2026-11-27-09-15-00.wav",
			said{"8001.2026-11-27-09-15-00", "", "8001", "", "", moment, Both}},
		{"freeswitch", aUUID + "_2026-11-27-09-15-00.wav", said{aUUID, "", "", "", "", moment, Both}},
		{"freeswitch", "13800138000_" + aUUID + ".wav", said{aUUID, "13800138000", "", "", "", "", Both}},
		{"freeswitch", "anything else.wav", said{callID: "anything else"}},

		{"asterisk-mixmonitor", "2026/11/27/out-13800138000-8001-20261127-091500-1764.11.wav",
			said{"1764.11", "13800138000", "8001", "", "", moment, Both}},
		{"asterisk-mixmonitor", "out-+8613800138000-8001-20261127-091500-pbx1-1764206100.11.WAV",
			said{"pbx1-1764206100.11", "+8613800138000", "8001", "", "", moment, Both}},
		{"asterisk-mixmonitor", "exten-8001-13800138000-20261127-091500-1764206100.11.wav",
			said{"1764206100.11", "13800138000", "8001", "", "", moment, Both}},
		{"asterisk-mixmonitor", "exten-8001-unknown-20261127-091500-1764206100.11.wav",
			said{"1764206100.11", "", "", "", "", moment, Both}},
		{"asterisk-mixmonitor", "q-600-13800138000-20261127-091500-1764206100.11.wav",
			said{"1764206100.11", "13800138000", "", "600", "", moment, Both}},
		{"asterisk-mixmonitor", "rg-600-13800138000-20261127-091500-1764206100.11.wav",
			said{"1764206100.11", "13800138000", "", "600", "", moment, Both}},
		{"asterisk-mixmonitor", "internal-8002-8001-20261127-091500-1764206100.11.wav",
			said{"1764206100.11", "", "8001", "", "", moment, Both}},
		{"asterisk-mixmonitor", "force-08215558663-3201-20261127-091500-1743042317.12206.wav",
			said{"1743042317.12206", "08215558663", "3201", "", "", moment, Both}},
		{"asterisk-mixmonitor", "8001-13800138000-20261127-091500-1764206100.11.wav",
			said{"1764206100.11", "13800138000", "8001", "", "", moment, Both}},
		{"asterisk-mixmonitor", "OUT8001-20261127-091500-1764206100.11.wav",
			said{"1764206100.11", "", "8001", "", "", moment, Both}},
		{"asterisk-mixmonitor", "q600-20261127-091500-1764206100.11.wav",
			said{"1764206100.11", "", "", "600", "", moment, Both}},
		{"asterisk-mixmonitor", "20261127-091500-13800138000-8001-1764206100.11.wav",
			said{"1764206100.11", "13800138000", "8001", "", "", moment, Both}},
		{"asterisk-mixmonitor", "1764206100.11.wav", said{callID: "1764206100.11"}},
		{"asterisk-mixmonitor", "1764206100.11-r.wav", said{callID: "1764206100.11", side: Customer}},
		{"asterisk-mixmonitor", "1764206100.11-t.wav", said{callID: "1764206100.11", side: Agent}},

		{"asterisk-monitor", "out-13800138000-8001-20261127-091500-1764.11-in.wav",
			said{"1764.11", "13800138000", "8001", "", "", moment, Agent}},
		{"asterisk-monitor", "out-13800138000-8001-20261127-091500-1764.11-out.wav",
			said{"1764.11", "13800138000", "8001", "", "", moment, Customer}},
		{"asterisk-monitor", "SIP-8001-0000002a-in.gsm", said{callID: "SIP-8001-0000002a", side: Agent}},
		{"asterisk-monitor", "SIP-8001-0000002a-out.gsm", said{callID: "SIP-8001-0000002a", side: Customer}},

		{"vicidial", "20261127-091500_13800138000_8001-all.wav",
			said{"20261127-091500_13800138000_8001", "13800138000", "8001", "", "", moment, Both}},
		{"vicidial", "20261127-091500_13800138000-all.mp3",
			said{"20261127-091500_13800138000", "13800138000", "", "", "", moment, Both}},
		{"vicidial", "20261127-091500_13800138000_LOANS_8001-all.wav",
			said{"20261127-091500_13800138000_LOANS_8001", "13800138000", "8001", "LOANS", "", moment, Both}},
		{"vicidial", "LOANS_2_8001_20261127-091500_13800138000-all.wav",
			said{"LOANS_2_8001_20261127-091500_13800138000", "13800138000", "8001", "LOANS_2", "", moment, Both}},
		{"vicidial", "20261127-091500_13800138000_8001-in.wav",
			said{"20261127-091500_13800138000_8001", "13800138000", "8001", "", "", moment, Customer}},
		{"vicidial", "20261127-091500_13800138000_8001-out.wav",
			said{"20261127-091500_13800138000_8001", "13800138000", "8001", "", "", moment, Agent}},
		{"vicidial", "FR_S_20261127-091500_3125551212.wav",
			said{"FR_S_20261127-091500_3125551212", "3125551212", "", "", "FR_S", moment, Both}},
		{"vicidial", "S_20261127-091500_3125551212.wav",
			said{"S_20261127-091500_3125551212", "3125551212", "", "", "", moment, Both}},
		{"vicidial", "20261127-091500_13800138000_V1127091500000012345-all.wav",
			said{"V1127091500000012345", "13800138000", "", "", "", moment, Both}},
		{"vicidial", "1795742100_13800138000_8001-all.wav",
			said{"1795742100_13800138000_8001", "13800138000", "8001", "", "", moment, Both}},
	} {
		t.Run(tt.preset+" "+tt.path, func(t *testing.T) {
			t.Parallel()
			read, err := (&Flags{Preset: tt.preset, times: in("Asia/Shanghai")}).Reader()
			require.NoError(t, err)
			got, err := read(tt.path)
			require.NoError(t, err)
			requireFacts(t, tt.want, got)
		})
	}
}

func TestPresetsRefuseOtherNames(t *testing.T) {
	t.Parallel()
	for _, tt := range [][2]string{
		{"asterisk-mixmonitor", "holiday.wav"},
		{"asterisk-mixmonitor", "out-13800138000-8001-20269927-091500-1764.11.wav"},
		{"vicidial", "holiday.wav"},
		{"vicidial", "20261127-091500-all.wav"},
		{"freeswitch", ""},
		{"asterisk-monitor", "/.wav"},
	} {
		read, err := (&Flags{Preset: tt[0], times: in("+08:00")}).Reader()
		require.NoError(t, err)
		_, err = read(tt[1])
		require.ErrorContains(t, err, "is none that "+tt[0]+" writes", tt[1])
	}
}

// Which of two files is the customer's can be said.
func TestCustomerSide(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		preset, customer, name string
		want                   Side
	}{
		{"asterisk-monitor", "", "a-in.wav", Agent},
		{"asterisk-monitor", "in", "a-in.wav", Customer},
		{"asterisk-monitor", "in", "a-t.wav", Agent},
		{"asterisk-mixmonitor", "out", "1764206100.11-r.wav", Agent},
		{"vicidial", "out", "20261127-091500_13800138000-out.wav", Customer},
	} {
		read, err := (&Flags{Preset: tt.preset, customer: tt.customer, times: in("Asia/Shanghai")}).Reader()
		require.NoError(t, err)
		got, err := read(tt.name)
		require.NoError(t, err)
		require.Equal(t, tt.want, got.Side)
	}
}

func TestNameRegex(t *testing.T) {
	t.Parallel()
	const pattern = `(?P<agent>[a-z]+)/(?P<start>[0-9T]+)_(?P<number>1[0-9]{10})_(?P<side>agent|customer)_(?P<call_id>\w+)\.`
	read, err := (&Flags{Regex: pattern, times: in("Asia/Shanghai")}).Reader("number")
	require.NoError(t, err)
	got, err := read("/calls/lilei/20261127T091500_13800138000_customer_c1.wav")
	require.NoError(t, err)
	requireFacts(t, said{"c1", "13800138000", "lilei", "", "", moment, Customer}, got)
	_, err = read("/calls/other.wav")
	require.ErrorContains(t, err, "does not fit --name-regex")

	for _, tt := range []struct {
		flags   Flags
		needed  string
		problem string
	}{
		{Flags{Regex: "("}, "", "missing closing"},
		{Flags{Regex: "(a)"}, "", "no named group"},
		{Flags{Regex: "(?P<phone>a)"}, "", `no field "phone"`},
		{Flags{Regex: "(?P<ignore>a)"}, "", `no field "ignore"`},
		{Flags{Regex: "(?P<number>a)"}, "call_id", "must have a group (?P<call_id>...)"},
		{Flags{Preset: "avaya"}, "", "there are freeswitch, asterisk-mixmonitor"},
		{Flags{Preset: "vicidial", customer: "left"}, "", "must be in or out"},
		{Flags{Preset: "vicidial", times: in("Mars")}, "", "must be a time zone"},
	} {
		tt.flags.times = in("Asia/Shanghai")
		if tt.problem == "must be a time zone" {
			tt.flags.times = in("Mars")
		}
		var needed []string
		if tt.needed != "" {
			needed = []string{tt.needed}
		}
		_, err := tt.flags.Reader(needed...)
		require.ErrorContains(t, err, tt.problem)
	}
}

func TestTemplateFacts(t *testing.T) {
	t.Parallel()
	read, err := (&Flags{Template: "{line}/{start}_{number}_{side}.wav", times: in("+08:00")}).Reader()
	require.NoError(t, err)
	got, err := read("/x/loans/20261127-091500_13800138000_in.wav")
	require.NoError(t, err)
	requireFacts(t, said{"", "13800138000", "", "loans", "", moment, Agent}, got)
	got, err = read("loans/1795742100_13800138000_customer.wav")
	require.NoError(t, err)
	requireFacts(t, said{"", "13800138000", "", "loans", "", moment, Customer}, got)
	_, err = read("loans/20269927-091500_13800138000_in.wav")
	require.ErrorContains(t, err, "is no time")
}

func TestTime(t *testing.T) {
	t.Parallel()
	in, err := when.Zone("Asia/Shanghai")
	require.NoError(t, err)
	for _, text := range []string{"20261127-091500", "20261127091500", "2026-11-27-09-15-00", "2026-11-27 09:15:00",
		"2026-11-27T09:15:00+08:00", "2026-11-27T01:15:00Z", "2026_11_27_09_15_00", "1795742100", "1795742100000",
		"202611270915", "20261127-091500.000", "1795742100.123"} {
		got, err := Time(text, in)
		require.NoError(t, err, text)
		require.Equal(t, moment, got.In(in).Format(time.RFC3339), text)
	}
	for _, text := range []string{"", "20261127", "20261327-091500", "18261127091500", "9999999999999", "noon", "0000000000",
		"2026-11-27T09:15"[:10]} {
		_, err := Time(text, in)
		require.Error(t, err, text)
	}
}

// Whatever a name is: no panic, and what was read is in it.
func FuzzPresets(f *testing.F) {
	for _, name := range []string{"out-13800138000-8001-20261127-091500-1764.11-in.wav", aUUID + ".wav",
		"FR_S_20261127-091500_3125551212-all.mp3", "1764206100.11-r.wav", "-in.wav", "/.wav", "q600-20261127-091500-1.1"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		for _, preset := range Presets() {
			read, err := (&Flags{Preset: preset, times: in("Asia/Shanghai")}).Reader()
			require.NoError(t, err)
			got, err := read(name)
			if err != nil {
				continue
			}
			for _, said := range []string{got.CallID, got.Number, got.Agent, got.Line, got.Part, got.Word} {
				require.Contains(t, name, said)
			}
			require.True(t, got.Start.IsZero() || got.Start.Year() >= earliest)
		}
	})
}

// in has times that name no zone read in that one.
func in(zone string) *when.Reader {
	times, cmd := new(when.Reader), &cobra.Command{}
	times.Flags(cmd)
	if err := cmd.Flags().Set("zone", zone); err != nil {
		panic(err) // it takes any text
	}
	return times
}
