package call

import (
	"regexp"
	"slices"
	"strings"

	"github.com/refrain-asr/refrain/internal/cli/sheet"
)

const (
	// milliseconds is the column of talk times that are in milliseconds.
	milliseconds = "talk_ms"
	// behind is the column of the number that belongs behind Asterisk's DIALSTATUS.
	behind = "hangupcause"
	// dialstatus is what its column is called, in VICIdial's exports too.
	dialstatus = "dialstatus"
)

// layout are the columns of reports.
var layout = sheet.Layout{Needed: 3,
	Columns: []string{"call_id", "number", "start", "agent", "outcome", "talk_seconds", "line",
		"caller_id", "ended_by", "code", "code_system", "revision", "virtual"},
	More:    []string{milliseconds, behind},
	Numbers: []string{"number"},
	Forms:   []sheet.Form{asteriskForm, freeswitchForm},
	Names: map[string][][]string{
		"call_id": {{"通话id", "呼叫id", "话单id", "话单号", "通话编号", "呼叫编号", "流水号",
			"通话流水号", "通话标识", "uuid", "call_uuid", "uniqueid", "session_id"}, {"linkedid"}},
		"number": sheet.NumberNames,
		"start": {{"start_epoch"}, {"start_uepoch"}, {"start_stamp", "start_time", "started_at",
			"call_start", "call_start_time", "begin_time", "calldate", "call_date", "call_time",
			"开始时间", "呼叫时间", "拨打时间", "拨号时间", "外呼时间", "起始时间", "呼叫开始时间",
			"通话开始时间"}, {"time", "date", "datetime", "时间", "日期时间"}},
		"agent": {{"工号", "坐席工号", "座席工号", "坐席号", "座席号", "客服工号", "员工工号"},
			{"坐席", "座席", "客服", "agent_id", "user", "operator"},
			{"坐席姓名", "座席姓名", "客服姓名", "员工", "员工姓名", "业务员", "话务员", "agent_name",
				"username"}},
		"outcome": {{"结果", "呼叫结果", "通话结果", "拨打结果", "外呼结果", "接听结果", "result",
			"call_result", "call_outcome"}, {"状态", "呼叫状态", "通话状态", "接通状态", "接听状态",
			"是否接通", "call_status"}},
		"talk_seconds": {{"billsec", "talk", "talk_time", "talk_sec", "talked", "通话时长",
			"通话秒数", "接通时长", "计费时长"}, {"answered_time"}},
		milliseconds: {{"billmsec", "talk_msec", "talk_millis", "talk_milliseconds",
			"通话时长(毫秒)", "通话时长(ms)", "通话毫秒数"}},
		"line": {{"线路", "线路名称", "外呼线路", "中继", "网关", "trunk", "gateway", "line_name"}},
		"caller_id": {{"主叫", "主叫号码", "主叫号", "外显", "外显号码", "显示号码",
			"caller_id_number", "caller", "caller_number", "from_number", "src"}},
		"ended_by": {{"挂断方", "挂机方", "hangup_by", "hangup_party"}},
		"code": {{"disposition"}, {dialstatus}, {"hangup_cause"}, {"sip_term_status", "sip_code",
			"sip_status", "sip_response"}, {"hangup_cause_q850"}, {"挂断原因", "挂机原因"}},
		behind: {{"hangup_cause"}},
	}}

// codeSystems are whose codes a column holds, by its name.
var codeSystems = map[string]string{"disposition": "asterisk", dialstatus: "asterisk",
	"hangup_cause": "freeswitch", "hangup_cause_q850": "freeswitch", "sip_term_status": "sip", "sip_code": "sip",
	"sip_status": "sip", "sip_response": "sip"}

// asteriskForm is what cdr_csv writes, from its documentation; the last two columns only
// where cdr.conf asks for them.
var asteriskForm = sheet.Form{Name: "Asterisk's Master.csv", Columns: []string{"accountcode", "src",
	"dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata", "start", "answer",
	"end", "duration", "billsec", "disposition", "amaflags", "uniqueid", "userfield"},
	Is: func(cells []string) bool {
		return len(cells) >= 16 && stamp.MatchString(cells[9]) && stamp.MatchString(cells[11]) &&
			slices.Contains(dispositions, strings.ToUpper(cells[14]))
	}, Advice: "; write loguniqueid=yes into cdr.conf, or add the line of names and the column"}

var dispositions = []string{"ANSWERED", "NO ANSWER", "BUSY", "FAILED", "CONGESTION"}

// freeswitchForm is what mod_cdr_csv writes by the template that its configuration comes
// with.
var freeswitchForm = sheet.Form{Name: "FreeSWITCH's Master.csv", Columns: []string{
	"caller_id_name", "caller_id_number", "destination_number", "context", "start_stamp",
	"answer_stamp", "end_stamp", "duration", "billsec", "hangup_cause", "uuid", "bleg_uuid",
	"accountcode", "read_codec", "write_codec"},
	Is: func(cells []string) bool {
		return len(cells) >= 11 && stamp.MatchString(cells[4]) && stamp.MatchString(cells[6]) &&
			cause.MatchString(cells[9])
	}}

var (
	stamp = regexp.MustCompile(`^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$`)
	cause = regexp.MustCompile(`^[A-Z][A-Z0-9_]+$`)
)

// outcomeWords are what outcomes are called in Chinese exports.
var outcomeWords = map[string]string{
	"接通": "answered", "已接通": "answered", "已接": "answered", "接听": "answered",
	"已接听": "answered", "通话成功": "answered", "是": "answered",
	"拒接": "rejected", "已拒接": "rejected", "拒绝": "rejected", "拒绝接听": "rejected",
	"客户拒接": "rejected", "用户拒接": "rejected",
	"未接": "no_answer", "无人接听": "no_answer", "无应答": "no_answer", "未接听": "no_answer",
	"无人应答": "no_answer", "响铃未接": "no_answer",
	"忙": "busy", "占线": "busy", "用户忙": "busy", "忙线": "busy", "正在通话中": "busy",
	"通话中": "busy",
	"关机":  "unreachable", "停机": "unreachable", "无法接通": "unreachable",
	"不在服务区": "unreachable", "暂时无法接通": "unreachable",
	"语音信箱": "voicemail", "语音助手": "voicemail", "留言": "voicemail",
	"取消": "cancelled", "主叫取消": "cancelled", "坐席取消": "cancelled", "主叫挂断": "cancelled",
	"失败": "failed", "呼叫失败": "failed", "线路故障": "failed",
	"空号": "invalid_number", "号码错误": "invalid_number", "无效号码": "invalid_number",
}

// partyWords are what whoever ended a call is called there.
var partyWords = map[string]string{"客户": "customer", "用户": "customer", "被叫": "customer",
	"坐席": "agent", "座席": "agent", "客服": "agent", "主叫": "agent", "系统": "system"}

// english puts the words of a row that are Chinese into those that the API has.
func english(row map[string]string) {
	for field, words := range map[string]map[string]string{"outcome": outcomeWords,
		"ended_by": partyWords} {
		if word, ok := words[row[field]]; ok {
			row[field] = word
		}
	}
	row["outcome"] = strings.ReplaceAll(row["outcome"], " ", "_")
}
