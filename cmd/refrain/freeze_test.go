package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/cli/allow"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/freeze"
	"github.com/refrain-asr/refrain/internal/config"
)

// firstOf is a field of the first line of JSON.
func firstOf[T any](t *testing.T, text string, field func(T) string) string {
	t.Helper()
	all := lines[T](t, text)
	require.NotEmpty(t, all)
	return field(all[0])
}

func (u *user) freezeOf(number string) string {
	u.t.Helper()
	return firstOf(u.t, u.must("freeze", "list", "--number", number, "--format", "json"),
		func(l freeze.Line) string { return l.Freeze })
}

func TestFreezesGolden(t *testing.T) {
	t.Parallel()
	u := newUser(t, nil)
	u.must("freeze", "list")
	u.must("freeze", "add", "13800138000", "--reason", "asked us in a letter", "--for", "180d",
		"--as", "李雷")
	u.must("freeze", "add", "13800138001", "--reason", "has a loan already", "--line", "loans")
	u.must("freeze", "add", "13800138002", "--reason", "until Monday", "--until",
		"2026-03-09T00:00:00+08:00", "--format", "json")
	u.run("freeze", "add", "13800138003", "--reason", "x", "--until", "2026-03-01T00:00:00+08:00")
	u.run("freeze", "add", "1380", "--reason", "x")
	u.must("freeze", "list")
	u.must("freeze", "list", "--line", "loans", "--format", "json")
	u.must("freeze", "list", "--limit", "1")
	u.must("freeze", "list", "--reason", "rule")
	id := u.freezeOf("13800138000")
	u.must("freeze", "extend", id, "--for", "200d", "--reason", "asked again")
	u.must("freeze", "extend", strings.TrimPrefix(id, "freezes/"), "--reason", "for good")
	u.run("freeze", "extend", id, "--until", "2027-01-01T00:00:00Z", "--reason", "shorter")
	u.run("freeze", "extend", "nosuch", "--reason", "x")
	u.must("check", "13800138000", "13800138001")
	u.must("check", "13800138001", "--line", "cards", "--format", "json")
	u.must("check", "13800138000", "--at", "2026-03-01T00:00:00Z")
	u.must("freeze", "release", "13800138000", "--reason", "asked for a call")
	u.must("freeze", "release", "13800138001", "--reason", "asked for a call", "--format", "json")
	u.run("freeze", "release", "13800138001", "--reason", "again")
	u.run("freeze", "extend", id, "--reason", "too late")
	u.must("freeze", "list", "--all")
	u.must("freeze", "verify")
	u.run("freeze", "verify", "--head", "5f1d")
	u.golden("freezes.txt")

	head := lines[freeze.Verification](t, u.must("freeze", "verify", "--format", "json"))[0]
	require.True(t, head.Intact)
	require.EqualValues(t, 7, head.Entries)
	u.must("freeze", "add", "13800138009", "--reason", "later")
	u.must("freeze", "verify", "--head", head.Head)
	u.must("freeze", "add", "13800138009", "--reason", "no loans", "--line", "loans")
	one := u.freezeOf("13800138009")
	require.Regexp(t, `^138\*{4}8009 is released: `+one+` \(manual\)
138\*{4}8009 is still frozen: freezes/\w+ \(manual\)
$`, u.must("freeze", "release", one, "--reason", "wants loans again"))
	require.Contains(t, u.must("check", "13800138009", "--line", "loans"), "may not be called")
	require.Equal(t, console.ExitFailed, u.run("freeze", "release", one, "--reason", "again").code)
	got := u.run("freeze", "verify", "--head", strings.Repeat("ab", 32))
	require.Equal(t, console.ExitFailed, got.code)
	require.Contains(t, got.out, "wrong: ")
	require.Contains(t, got.errors, "the ledger is not what was written")
}

// Numbers in full are for those whom the server permits it, and what they got can be
// imported into another server.
func TestFreezeFilesGolden(t *testing.T) { // not parallel: ids of one moment follow one another where nobody else makes any
	u := newUser(t, func(c *config.Config) { c.Privacy.Reveal = []string{"boss"} })
	u.write("black.csv", "number,reason,start,end,line,class\n"+
		"13800138000,old list,2026-01-01T00:00:00+08:00,,,stop_calling\n"+
		"13800138001,=old list,,2026-06-01T00:00:00+08:00,loans,\n"+
		"13800138002,over,2025-01-01T00:00:00+08:00,2025-06-01T00:00:00+08:00,,\n"+
		"13800138003,bad end,,soon,,\n"+
		"1380,bad number,,,,\n"+
		"13800138004,,,,,\n"+
		"13800138005,backwards,2027-01-01T00:00:00+08:00,2026-12-01T00:00:00+08:00,,\n")
	u.run("freeze", "import", "@black.csv")
	u.show("black.csv.rejects.csv")
	u.run("freeze", "import", "@black.csv", "--rejects", "@again.csv", "--format", "json")
	u.must("freeze", "list")
	u.must("freeze", "release", "13800138000", "--reason", "asked")
	u.must("freeze", "add", "13800138006", "--reason", "+asked, \"in\" a letter", "--for", "30d")
	u.must("freeze", "export")
	u.must("freeze", "export", "--reason", "imported", "--format", "json")
	u.run("freeze", "export", "--full", "--all", "--out", "@full.csv", "--as", "clerk", "--why", "moving")
	require.NoFileExists(t, u.path("full.csv"))
	u.must("freeze", "export", "--full", "--all", "--out", "@full.csv", "--as", "boss", "--why", "moving")
	u.run("freeze", "export", "--full", "--all", "--out", "@full.csv", "--as", "boss", "--why", "moving")
	u.show("full.csv")
	u.must("freeze", "export", "--reason", "rule")

	other := newUser(t, nil)
	other.clock.Store(u.clock.Load())
	other.write("full.csv", u.read("full.csv")+"13800138007,starts "+
		"later,2026-03-06T00:00:00Z,,,,,,,,,\n")
	for range 2 { // and the second time nothing new comes
		other.run("freeze", "import", "@full.csv", "--format", "json")
	}
	other.must("freeze", "list", "--all")
	u.log.WriteString(other.log.String())
	u.golden("freeze-files.txt")
}

func TestAllowGolden(t *testing.T) {
	t.Parallel()
	u := newUser(t, nil)
	u.must("allow", "list")
	u.must("freeze", "add", "13800138000", "--reason", "test")
	u.must("allow", "add", "13800138000", "--reason", "asked for a call about the contract",
		"--for", "7d", "--as", "李雷")
	u.must("allow", "add", "13800138001", "--reason", "test", "--until",
		"2026-04-01T00:00:00+08:00", "--format", "json")
	u.run("allow", "add", "13800138001", "--reason", "test", "--for", "400d")
	u.must("check", "13800138000", "13800138001")
	u.must("check", "13800138000", "--format", "json")
	u.must("allow", "list")
	u.must("allow", "list", "--number", "13800138001", "--format", "json")
	id := firstOf(t, u.must("allow", "list", "--number", "13800138000", "--format", "json"),
		func(l allow.Line) string { return l.Allowance })
	u.must("allow", "end", id, "--reason", "talked to them", "--as", "韩梅梅")
	u.run("allow", "end", strings.TrimPrefix(id, "allowances/"), "--reason", "again")
	u.run("allow", "end", "nosuch", "--reason", "x")
	u.must("check", "13800138000")
	u.must("allow", "list", "--all")
	u.golden("allow.txt")
}

func TestComplaintsGolden(t *testing.T) { // not parallel: ids of one moment follow one another where nobody else makes any
	u := newUser(t, nil)
	u.write("c.csv", "number,time,source,text\n"+
		"13800138000,2026-03-04T09:00:00+08:00,12321,\"angry, very\"\n"+
		"13800138000,2026-03-05T09:00:00+08:00,12321,again\n"+
		"13800138001,2026-03-04T09:00:00+08:00,carrier,\n"+
		"13800138002,2026-03-04T09:00:00+08:00,12345,\n"+
		"13800138003,3/4/2026,own,\n"+
		"1380,2026-03-04T09:00:00+08:00,own,\n"+
		"13800138004,2027-03-04T09:00:00+08:00,own,\n")
	u.run("complaint", "import", "@c.csv")
	u.show("c.csv.rejects.csv")
	u.write("mended.csv", strings.NewReplacer("12345", "12321", "3/4/2026,own",
		"2026-03-04,own", "1380,", "13800138003,", "2027", "2026").
		Replace(u.read("c.csv.rejects.csv")))
	u.run("complaint", "import", "@mended.csv", "--format", "json")
	u.must("complaint", "import", "@mended.csv", "--zone", "Asia/Shanghai")
	u.must("freeze", "list", "--reason", "complaint")
	u.must("check", "13800138000")
	u.must("complaint", "list", "--limit", "3")
	u.must("complaint", "list", "--source", "carrier", "--format", "json")
	u.must("complaint", "list", "--line", "loans")
	u.run("complaint", "list", "--source", "newspaper")
	u.run("complaint", "list", "--same-number-as", "freezes/none")
	u.golden("complaints.txt")
}
