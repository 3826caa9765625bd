package main

import (
	"testing"
)

func TestReportGolden(t *testing.T) {
	t.Parallel()
	u := newUser(t, nil)
	u.write("cdr.csv", "call_id,number,start,outcome,talk_seconds\n"+
		"a1,13800138000,2026-03-05T09:00:00+08:00,rejected,\n"+
		"a2,13800138000,2026-03-05T09:10:00+08:00,answered,3\n"+
		"a3,13800138000,2026-03-05T09:20:00+08:00,rejected,\n"+
		"a4,13800138001,2026-03-05T00:00:00+08:00,busy,\n"+
		"b1,13800138001,2026-03-04T23:59:59+08:00,no_answer,\n"+
		"b2,13800138002,2026-03-02T09:00:00+08:00,answered,60\n"+
		"c1,13800138003,2026-02-27T09:00:00+08:00,answered,60\n")
	u.must("call", "import", "@cdr.csv")
	u.write("complaints.csv", "number,time,source\n13800138001,2026-03-05T09:30:00+08:00,12321\n")
	u.must("complaint", "import", "@complaints.csv")
	u.must("freeze", "add", "13800138005", "--reason", "test")
	u.must("freeze", "release", "13800138005", "--reason", "test")
	u.must("check", "13800138000", "13800138001", "13800138002")
	u.must("check", "13800138000")
	u.log.Reset()
	u.must("report")
	u.must("report", "--format", "json")
	u.must("report", "--period", "week", "--format", "csv", "--cost-per-call", "0.5")
	u.must("report", "--period", "month", "--date", "2026-02-14")
	u.must("report", "--zone", "UTC", "--date", "2026-03-04", "--format", "csv")
	u.must("report", "--with", "days,agents,lines,phrases,reviewers")
	u.must("report", "--with", "days,agents", "--format", "json")
	u.golden("report.txt")
}
