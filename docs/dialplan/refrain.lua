-- Refrain in FreeSWITCH: reserves a call before it is bridged, reports it after.
-- docs/integrate.md tells more. It needs mod_lua and mod_curl. The tests run this script in
-- Lua with FreeSWITCH's part played by the test; it has not been run in FreeSWITCH.
--
-- Copy it into FreeSWITCH's script directory. In the dialplan, as in refrain.xml:
--
--   <action application="lua" data="refrain.lua ask NUMBER"/>
--   <action application="bridge" data="${refrain_leg}sofia/gateway/trunk-a/NUMBER"/>
--
-- What follows "ask" runs only if the number may be called; otherwise the channel is hung
-- up, or goes on at refrain_refused. refrain_leg gives the customer's leg a hangup hook that
-- reports it; without it there is no report, and the reservation stays an attempt.
--
-- Variables, global (vars.xml) or the channel's:
--   refrain_url      where the server is; http://127.0.0.1:7431
--   refrain_key      a dialler's key (refrain key add pbx --role dialler); empty: none, which
--                    does while the server has no keys and runs on this machine. Best global:
--                    the channel's variables stand in call records
--   refrain_line     the line's name in Refrain; empty
--   refrain_agent    who calls; empty
--   refrain_fail     open: call if the server does not answer; anything else: don't
--   refrain_timeout  how long to wait for an answer, in whole seconds; 1
--   refrain_refused  where to go instead of calling, as "extension dialplan context"; empty
--                    hangs up
--   refrain_outcome  on the bridged leg: how the call ended, where something knows better
--                    than FreeSWITCH, such as voicemail
-- It sets refrain_answer, such as "refused frozen 2026-12-01T02:00:00Z", and refrain_call,
-- the call's id, which its recordings must carry too.

local api = freeswitch.API()

local function escape(text)
  return (tostring(text or ""):gsub("[^%w%-_.~]", function(c) return ("%%%02X"):format(c:byte()) end))
end

-- form makes an HTML form of the fields that are not empty, escaped once more: curl decodes
-- what it posts, and a space would end its argument.
local function form(fields)
  local parts = {}
  for _, f in ipairs(fields) do
    if f[2] and f[2] ~= "" then parts[#parts + 1] = f[1] .. "=" .. escape(f[2]) .. "&" end
  end
  return escape(table.concat(parts))
end

local function curl(url, timeout, posted)
  return ("%s connect-timeout %s timeout %s post %s"):format(url, timeout, timeout, posted)
end

-- keyed puts the key before the server's name, from where curl sends it as a password.
local function keyed(url, key)
  if not key or key == "" then return url end
  return (url:gsub("^(https?://)", "%1refrain:" .. key .. "@"))
end

-- ask reserves a call to the number for the channel that runs the dialplan.
local function ask(number)
  local function get(name, default)
    local value = session:getVariable(name)
    if value == nil or value == "" then value = freeswitch.getGlobalVariable(name) end
    if value == nil or value == "" then value = default end
    return value
  end
  session:setAutoHangup(false) -- the dialplan goes on
  local count = tonumber(get("refrain_count", "0")) + 1
  local call = session:get_uuid()
  if count > 1 then call = call .. "-" .. count end
  local fields = form({
    { "call_id", call }, { "number", number }, { "agent", get("refrain_agent", "") }, { "line", get("refrain_line", "") },
    { "caller_id", get("effective_caller_id_number", get("caller_id_number", "")) }, { "start", os.date("!%Y-%m-%dT%H:%M:%SZ") },
  })
  local url, timeout = get("refrain_url", "http://127.0.0.1:7431"), get("refrain_timeout", "1")
  session:setVariable("refrain_count", tostring(count))
  session:setVariable("curl_response_data", "")
  session:execute("curl", curl(keyed(url, get("refrain_key", "")) .. "/reserve", timeout, fields))
  local answer = get("curl_response_data", ""):gsub("%s+$", "")
  session:setVariable("refrain_answer", answer)

  local allowed = answer:match("^allowed ") ~= nil
  if not allowed and not answer:match("^refused ") and not answer:match("^error:") then
    freeswitch.consoleLog("warning", "Refrain did not answer for call " .. call .. "\n")
    allowed = get("refrain_fail", "closed") == "open"
  end
  if allowed then
    session:setVariable("refrain_call", call)
    session:setVariable("refrain_leg",
      ("{api_hangup_hook='lua refrain.lua report',refrain_call=%s,refrain_report=%s/report,refrain_wait=%s,refrain_form=%s}")
      :format(call, url, timeout, fields))
    return
  end
  freeswitch.consoleLog("notice", "Refrain: call " .. call .. " is not made: " .. answer .. "\n")
  local refused = get("refrain_refused", "")
  if refused == "" then
    session:hangup("CALL_REJECTED")
  else
    session:execute("transfer", refused)
  end
end

-- report tells how a bridged leg ended. Where bridge tries several, the last one counts.
local function report()
  local function get(name)
    local value = env:getHeader(name) or env:getHeader("variable_" .. name)
    if value == "" then value = nil end
    return value
  end
  local fields = get("refrain_form")
  if not fields then return end
  -- CALL_REJECTED alone can also be the trunk's 403; the SIP status tells.
  local code = get("hangup_cause")
  local status = get("sip_invite_failure_status") or get("sip_term_status")
  if code and status then
    code = code .. "/" .. status .. " " .. (get("sip_invite_failure_phrase") or "")
  end
  local ended = { recv_bye = "customer", send_bye = "agent" }
  local server = keyed(get("refrain_report"), get("refrain_key") or freeswitch.getGlobalVariable("refrain_key"))
  local answer = api:execute("curl", curl(server, get("refrain_wait"), fields .. form({
    { "system", "freeswitch" }, { "code", code and code:sub(1, 100) }, { "outcome", get("refrain_outcome") },
    { "talk", (get("billmsec") or "0") .. "ms" },
    { "ended_by", ended[get("sip_hangup_disposition")] },
    { "revision", get("end_uepoch") },
  }))) or ""
  if not answer:match("^reported ") then
    freeswitch.consoleLog("warning", "Refrain: call " .. get("refrain_call") .. " could not be reported: " .. answer .. "\n")
  end
end

if argv[1] == "ask" then
  ask(argv[2])
elseif argv[1] == "report" then
  report()
else
  freeswitch.consoleLog("err", "refrain.lua takes: ask NUMBER, or report\n")
end
