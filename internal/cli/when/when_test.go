package when

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func shanghai(t testing.TB) *time.Location {
	t.Helper()
	zone, err := Zone("")
	require.NoError(t, err)
	return zone
}

func TestParse(t *testing.T) {
	t.Parallel()
	zone := shanghai(t)
	const same = "2026-11-27T01:15:00Z" // 9:15 in Shanghai
	for _, tt := range []struct {
		text, want string
		mark       Mark
	}{
		{"2026-11-27T09:15:00+08:00", same, Offset},
		{"2026-11-27 09:15:00+08:00", same, Offset},
		{"2026-11-27 09:15:00 +08:00", same, Offset},
		{"2026-11-27T09:15:00+0800", same, Offset},
		{"2026-11-27 09:15:00+08", same, Offset},
		{"2026-11-26T20:15:00-05:00", same, Offset},
		{"2026-11-27T01:15:00Z", same, UTC},
		{"2026-11-27t01:15:00z", same, UTC},
		{"2026-11-27 01:15:00 UTC", same, UTC},
		{"2026-11-27 01:15:00 GMT", same, UTC},
		{"2026-11-27T01:15:00+00:00", same, UTC},
		{"2026-11-27 09:15:00 UTC+8", same, Offset},
		{"2026-11-27 09:15:00 GMT+0800", same, Offset},
		{"2026-11-27T09:15", same, Local},
		{"2026-11-27 09:15:00", same, Local},
		{" 2026-11-27  09:15:00\t", same, Local},
		{"2026-11-27 09:15:00.123", "2026-11-27T01:15:00.123Z", Local},
		{"2026-11-27 09:15:00,123456", "2026-11-27T01:15:00.123456Z", Local},
		{"2026-11-27T01:15:00.123456789123Z", "2026-11-27T01:15:00.123456789Z", UTC},
		{"2026/11/27 9:15", same, Local},
		{"2026/11/27 9:15:00", same, Local},
		{"2026/11/27, 9:15:00", same, Local},
		{"2026.11.27 9:15", same, Local},
		{"2026/1/2 9:05", "2026-01-02T01:05:00Z", Local},
		{"2026/11/27 9:15:00 AM", same, Local},
		{"2026/11/27 3:15 PM", "2026-11-27T07:15:00Z", Local},
		{"2026/11/27 12:15 am", "2026-11-26T16:15:00Z", Local},
		{"2026/11/27 12:15 PM", "2026-11-27T04:15:00Z", Local},
		{"2026/11/27 下午 3:15", "2026-11-27T07:15:00Z", Local},
		{"2026/11/27 上午9:15:00", same, Local},
		{"2026/11/27 中午12:15", "2026-11-27T04:15:00Z", Local},
		{"2026/11/27 中午 1:15", "2026-11-27T05:15:00Z", Local},
		{"2026/11/27 晚上 8:15", "2026-11-27T12:15:00Z", Local},
		{"2026/11/27 下午 15:15", "2026-11-27T07:15:00Z", Local},
		{"2026/11/27 凌晨 12:15", "2026-11-26T16:15:00Z", Local},
		{"2026/11/27 凌晨 5:15", "2026-11-26T21:15:00Z", Local},
		{"2026/11/27 早上9:15", same, Local},
		{"2026/11/27 傍晚 6:15", "2026-11-27T10:15:00Z", Local},
		{"2026/11/27 晚上 23:15", "2026-11-27T15:15:00Z", Local},
		{"2026年11月27日 9:15", same, Local},
		{"2026年11月27日09时15分00秒", same, Local},
		{"2026年11月27日 9时15分", same, Local},
		{"２０２６－１１－２７　０９：１５", same, Local},
		{"\u202a2026-11-27 09:15:00\u202c", same, Local},
		{"2026-11-27\u00a009:15", same, Local},
		{"20261127091500", same, Local},
		{"202611270915", same, Local},
		{"20261127-091500", same, Local},
		{"20261127_091500", same, Local},
		{"20261127T091500", same, Local},
		{"20261127T011500Z", same, UTC},
		{"20261127 09:15:00", same, Local},
		{"11/27/2026 9:15", same, Local},
		{"27/11/2026 9:15", same, Local},
		{"27.11.2026 09:15:00", same, Local},
		{"3.4.2026 09:15", "2026-04-03T01:15:00Z", Local},
		{"5/5/2026 09:15", "2026-05-05T01:15:00Z", Local},
		{"Fri Nov 27 09:15:00 2026", same, Local},
		{"27 Nov 2026 09:15:00", same, Local},
		{"27-Nov-2026 09:15", same, Local},
		{"Nov 27, 2026 9:15 AM", same, Local},
		{"Fri, 27 Nov 2026 01:15:00 GMT", same, UTC},
		{"Fri, 27 Nov 2026 09:15:00 +0800", same, Offset},
		{"1795742100", same, Epoch},
		{"1795742100.5", "2026-11-27T01:15:00.5Z", Epoch},
		{"1795742100.", same, Epoch},
		{"2026139900", "2034-03-16T16:38:20Z", Epoch}, // no date, whatever it begins with
		{"1795742100123", "2026-11-27T01:15:00.123Z", Epoch},
		{"1795742100123456", "2026-11-27T01:15:00.123456Z", Epoch},
		{"1795742100000000001", "2026-11-27T01:15:00.000000001Z", Epoch},
		{"46353.3854166667", same, Local},
		{"46353.385416666664", same, Local},
		{"46353.38542", same, Local}, // five digits are as good as a second
		{"46353,385416666664", same, Local},
		{"46353.999999", "2026-11-27T16:00:00Z", Local},
	} {
		m, err := Read(tt.text, zone)
		require.NoError(t, err, tt.text)
		require.Equal(t, tt.want, m.UTC().Format(time.RFC3339Nano), tt.text)
		require.Equal(t, tt.mark, m.Mark, tt.text)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, problem string }{
		{"", "must be a time, such as"},
		{"soon", "must be a time, such as"},
		{"2026-11-27 morning", "must be a time, such as"},
		{"2026-11-27", "is a date without a time of day"},
		{"20261127", "is a date without a time of day"},
		{"46353", "without a time of day"},
		{"46353.0", "without a time of day"},
		{"3/4/2026 9:15", "is a day of month 3 or of month 4; write the year first"},
		{"03-04-2026 9:15", "write the year first"},
		{"2026-02-30 09:15", "is a day that is in no calendar"},
		{"2026-13-01 09:15", "is a day that is in no calendar"},
		{"27/13/2026 09:15", "is a day that is in no calendar"},
		{"2026-11-27 24:15", "is on no clock"},
		{"2026-11-27 09:60", "is on no clock"},
		{"2026-11-27 13:15 AM", "is on no clock"},
		{"2026-11-27 0:15 PM", "is on no clock"},
		{"2026-11-27 中午 6:15", "is on no clock"},
		{"20261127256000", "is on no clock"},
		{"2026-11-27 晚上12:15", "has 晚上12:15, which can't be told for sure; write the day and"},
		{"2026-11-27 晚上0:15", "has 晚上0:15"},
		{"2026-11-27 晚上1:15", "has 晚上1:15"},
		{"2026-11-27 晚上14:15", "has 晚上14:15"},
		{"2026-11-27 傍晚12:15", "has 傍晚12:15"},
		{"2026-11-27 凌晨7:15", "has 凌晨7:15"},
		{"2026-11-27 凌晨22:15", "has 凌晨22:15"},
		{"2026-11-27 早上1:15", "has 早上1:15"},
		{"2026-11-27 夜里1:15", "has 夜里1:15"},
		{"2026-11-27 半夜12:15", "has 半夜12:15"},
		{"2026030509", "could be the time 2026-03-05 09:00 without some of its digits; write it"},
		{"2099123123", "could be the time 2099-12-31 23:00"},
		{"260305091500", "could be the time 2026-03-05 09:15 without some of its digits"},
		{"991231091500", "lies in the year 9912"},
		{"9999-12-31 23:59:59", "lies in the year 9999; times are of 1970 to 2099"},
		{"2100-01-01 00:00", "lies in the year 2100"},
		{"21000101000000", "lies in the year 2100"},
		{"0001-01-01 00:00", "lies in the year 1"},
		{"2026-11-27 09:15:00 CST", `has "CST" behind its time; write the zone as +08:00`},
		{"2026-11-27 09:15:00+25:00", "has the zone +25:00, which there is not"},
		{"1.79574E+12", "has lost digits in a spreadsheet"},
		{"0", "counts neither seconds nor milliseconds"},
		{"915", "counts neither seconds nor milliseconds"},
		{"99999999999999999999", "must be a time"},
		{"09:15:00", "must be a time"},
	} {
		_, err := Parse(tt.text, shanghai(t))
		require.ErrorContains(t, err, tt.problem, tt.text)
	}
}

func TestDays(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]string{
		"2026-11-27":           {"2026-11-27T00:00:00+08:00", "2026-11-28T00:00:00+08:00"},
		"2026/12/31":           {"2026-12-31T00:00:00+08:00", "2027-01-01T00:00:00+08:00"},
		"2026-11-27 09:15":     {"2026-11-27T09:15:00+08:00", "2026-11-27T09:15:00+08:00"},
		"2026-11-27T01:15:00Z": {"2026-11-27T01:15:00Z", "2026-11-27T01:15:00Z"},
		"1795742100":           {"2026-11-27T01:15:00Z", "2026-11-27T01:15:00Z"},
	} {
		start, err := DayStart(text, shanghai(t))
		require.NoError(t, err, text)
		end, err := DayEnd(text, shanghai(t))
		require.NoError(t, err, text)
		require.Equal(t, want, [2]string{start.Format(time.RFC3339), end.Format(time.RFC3339)})
	}
	for _, text := range []string{"2026030509", "260305091500", "9999-12-31", "26030509"} {
		_, err := DayEnd(text, shanghai(t))
		require.Error(t, err, text)
	}
	_, err := DayEnd("9999-12-31", shanghai(t))
	require.ErrorContains(t, err, "leave an end that never comes empty")
	_, err = DayEnd("soon", shanghai(t))
	require.ErrorIs(t, err, errForm)
}

func TestZone(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for text, want := range map[string]int{"": 8, "Asia/Shanghai": 8, "+08:00": 8, "+0800": 8,
		"+8": 8, "UTC+8": 8, "UTC": 0, "-05:00": -5, "Asia/Tokyo": 9} {
		zone, err := Zone(text)
		require.NoError(t, err, text)
		_, offset := at.In(zone).Zone()
		require.Equal(t, want*3600, offset, text)
	}
	for _, text := range []string{"Local", "China", "+99:00", "8", "../etc"} {
		_, err := Zone(text)
		require.Error(t, err, text)
	}
}

// Local times that are marked as UTC become what they are.
func TestReader(t *testing.T) {
	t.Parallel()
	r := Reader{Zone: shanghai(t), Ignore: true}
	for _, text := range []string{"2026-11-27T09:15:00Z", "2026-11-27T09:15:00-05:00",
		"2026-11-27 09:15", "1795742100"} {
		m, err := r.Parse(text)
		require.NoError(t, err)
		require.Equal(t, "2026-11-27T01:15:00Z", m.UTC().Format(time.RFC3339), text)
	}
	require.Equal(t, [4]int{1, 1, 1, 1}, r.Read)
	require.Contains(t, r.Note(), "Asia/Shanghai")
	require.Empty(t, new(Reader).Note())

	r = Reader{zone: "nowhere"}
	require.EqualError(t, r.Open(),
		`--zone "nowhere" must be a time zone, such as Asia/Shanghai or +08:00`)
}

// Whatever a text is: no panic, and what is read can be written and read again.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"2026-11-27T09:15:00+08:00", "2026/11/27 9:15", "1795742100",
		"46353.385416666664", "20261127091500", "2026年11月27日 下午9时15分", "11/27/2026 9:15 PM",
		"Fri Nov 27 09:15:00 2026", "1.7E+12", "20261127-091500Z", "9999-12-31 23:59:59-14:00"} {
		f.Add(text)
	}
	zone := shanghai(f)
	f.Fuzz(func(t *testing.T, text string) {
		m, err := Read(text, zone)
		if err != nil {
			return
		}
		require.GreaterOrEqual(t, m.In(zone).Year(), 1969)
		if m.In(zone).Year() > 9999 {
			return // the last day, in another zone
		}
		again, err := Parse(m.In(zone).Format(time.RFC3339Nano), zone)
		require.NoError(t, err)
		require.True(t, m.Equal(again), "%s and %s", m, again)
	})
}
