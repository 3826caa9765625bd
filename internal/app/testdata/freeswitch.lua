-- Plays FreeSWITCH's part for docs/dialplan/refrain.lua: SCRIPT "ARGUMENTS" NAME=VALUE...
-- It writes what the script does, a line each, and reads what curl answers, a line each.
local script, words = arg[1], arg[2]
local vars = {}
for i = 3, #arg do
  local name, value = arg[i]:match("^(.-)=(.*)$")
  vars[name] = value
end
argv = {}
for word in words:gmatch("%S+") do argv[#argv + 1] = word end

local function tell(...)
  io.write(table.concat({ ... }, " "), "\n")
  io.flush()
end

local function curl(data)
  tell("curl", data)
  return io.read("*l")
end

freeswitch = {
  API = function()
    return { execute = function(_, command, data)
      assert(command == "curl")
      return curl(data)
    end }
  end,
  getGlobalVariable = function(name) return vars["global " .. name] end,
  consoleLog = function(level, text) tell("log", level, (text:gsub("\n$", ""))) end,
}

local hangs = true
if argv[1] == "report" then
  env = { getHeader = function(_, name) return vars[name] end }
  hangs = false
else
  session = {
    getVariable = function(_, name) return vars[name] end,
    setVariable = function(_, name, value) vars[name] = value end,
    get_uuid = function() return vars.uuid end,
    setAutoHangup = function(_, yes) hangs = yes end,
    hangup = function(_, cause) tell("hangup", cause) end,
    execute = function(_, app, data)
      if app == "curl" then
        vars.curl_response_data = curl(data)
      else
        tell(app, data)
      end
    end,
  }
end

dofile(script)
assert(not hangs, "FreeSWITCH hangs up when such a script ends")
for _, name in ipairs({ "refrain_answer", "refrain_call", "refrain_count", "refrain_leg" }) do
  if vars[name] then tell("set", name .. "=" .. vars[name]) end
end
