package call

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/cli/sheet"
)

// What switches, diallers and call centres call their columns is known.
func TestLayout(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, head string
		want       map[string]string
	}{
		{"our own", strings.Join(layout.Columns, ","), map[string]string{"call_id": "call_id",
			"talk_seconds": "talk_seconds", "code": "code", "code_system": "code_system"}},
		{"Asterisk's cdr_mysql", "calldate,clid,src,dst,dcontext,channel,dstchannel,lastapp," +
			"lastdata,duration,billsec,disposition,amaflags,accountcode,uniqueid,userfield,linkedid",
			map[string]string{"call_id": "uniqueid", "number": "dst", "start": "calldate",
				"talk_seconds": "billsec", "code": "disposition", "caller_id": "src"}},
		{"FreeSWITCH with names", "uuid,direction,caller_id_name,caller_id_number," +
			"destination_number,start_stamp,answer_stamp,end_stamp,start_epoch,start_uepoch," +
			"duration,billsec,billmsec,hangup_cause,hangup_cause_q850,sip_term_status",
			map[string]string{"call_id": "uuid", "number": "destination_number",
				"start": "start_epoch", "talk_seconds": "billsec", milliseconds: "billmsec",
				"code": "hangup_cause", "caller_id": "caller_id_number"}},
		{"VICIdial, extended", "call_date\tphone_number_dialed\tstatus\tuser\tfull_name\t" +
			"campaign_id\tphone_code\tphone_number\talt_phone\tcomments\tlength_in_sec\tuniqueid\t" +
			"hangup_cause\tdialstatus\tdial_time\tanswered_time", map[string]string{
			"call_id": "uniqueid", "number": "phone_number_dialed", "start": "call_date",
			"agent": "user", "code": "dialstatus", behind: "hangup_cause",
			"talk_seconds": "answered_time"}},
		{"a Chinese call centre", "流水号;主叫号码;被叫号码;呼叫时间;通话时长(秒);坐席工号;" +
			"坐席姓名;呼叫结果;挂断方;线路;振铃时长", map[string]string{"call_id": "流水号",
			"caller_id": "主叫号码", "number": "被叫号码", "start": "呼叫时间",
			"talk_seconds": "通话时长(秒)", "agent": "坐席工号", "outcome": "呼叫结果",
			"ended_by": "挂断方", "line": "线路"}},
		{"milliseconds", "通话ID,手机号,开始时间,状态,通话时长（毫秒）", map[string]string{
			"call_id": "通话ID", "number": "手机号", "start": "开始时间", "outcome": "状态",
			milliseconds: "通话时长（毫秒）", "talk_seconds": ""}},
		{"in other writings", "Call ID,Phone Number,Start Time,Result,Talk-Time,Agent ID",
			map[string]string{"call_id": "Call ID", "number": "Phone Number",
				"start": "Start Time", "outcome": "Result", "talk_seconds": "Talk-Time",
				"agent": "Agent ID"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "t.csv")
			require.NoError(t, os.WriteFile(path, []byte(tt.head+"\n"), 0o600))
			table, err := sheet.Open(path, layout, sheet.Options{})
			require.NoError(t, err)
			defer table.Close()
			for column, name := range tt.want {
				require.Equal(t, name, table.NameOf(column), column)
			}
		})
	}
}

// Words for outcomes are those of the API.
func TestEnglish(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{"拒接": "rejected", "空号": "invalid_number",
		"NO ANSWER": "NO_ANSWER", "busy": "busy", "未知": "未知"} {
		row := map[string]string{"outcome": word, "ended_by": "客户"}
		english(row)
		require.Equal(t, want, row["outcome"])
		require.Equal(t, "customer", row["ended_by"])
	}
	for _, words := range []map[string]string{outcomeWords, partyWords} {
		for _, word := range words {
			row := map[string]string{"outcome": word}
			if slices.Contains([]string{"customer", "agent", "system"}, word) {
				row = map[string]string{"outcome": "busy", "ended_by": word}
			}
			_, wrong := parseCall(row, nil)
			require.Nil(t, wrong, word)
		}
	}
}
