# SPDX-License-Identifier: ISC
# The options of `chimecli vm create` to a request: an array of words in,
# {"body", "wait_s"?, "dry"?}, {"refused": why} or {"unknown": word} out.
# jq --arg uuid NEW-UUID -f create.jq

def whole($option):
  if test("^[0-9]{1,9}$") then tonumber
  else error("option \($option): \(.): expected a whole number") end;

# "path=/x,readonly": known words with a value, known flags without.
def parts($option; $words; $flags):
  reduce split(",")[] as $part ({};
    ($part | index("=")) as $at
    | (if $at then $part[:$at] else $part end) as $name
    | if has($name) then error("option \($option): \($name): twice")
      elif $at and ($words | index($name)) then .[$name] = $part[$at + 1:]
      elif ($flags | index($name)) and ($at | not) then .[$name] = true
      else error("option \($option): \($part): expected "
        + (($words | map(. + "=...")) + $flags | join(", "))) end);

def disk:
  parts("--disk"; ["path", "format", "device"]; ["readonly", "shared"])
  | if .path then {path} + {format: (.format // "raw")} + .
    else error("option --disk: path=... is missing") end;

def nic:
  parts("--nic"; ["bridge", "mac"]; [])
  | if .bridge then . else error("option --nic: bridge=... is missing") end;

# State: .words are left, .out is made of those before.
def step:
  .words[0] as $o
  | ["--name", "--uuid", "--host", "--restart", "--vcpus", "--memory-mib",
     "--disk", "--nic"] as $valued
  | (if ["-n", "--dry-run", "--stopped", "--wait"] | index($o) then 1
     elif $o | startswith("--wait=") then 1
     elif $valued | index($o) | not then error({unknown: $o})
     elif .words | length < 2 then error("option \($o): needs a value")
     else 2 end) as $used
  | .words[1] as $v
  | .words |= .[$used:]
  | if $o == "-n" or $o == "--dry-run" then .out.dry = true
    elif $o == "--stopped" then .out.body.want = "stopped"
    elif $o == "--wait" then .out.wait_s = 60
    elif $o | startswith("--wait=")
      then .out.wait_s = ($o[7:] | rtrimstr("s") | whole("--wait"))
    elif $o == "--name" then .out.body.name = $v
    elif $o == "--uuid" then .out.body.vm = $v
    elif $o == "--host" then .out.body.host = $v
    elif $o == "--restart" then .out.body.restart = $v
    elif $o == "--vcpus" then .out.body.vcpus = ($v | whole($o))
    elif $o == "--memory-mib" then .out.body.memory_mib = ($v | whole($o))
    elif $o == "--disk" then .out.body.spec.disks += [$v | disk]
    else .out.body.spec.nics += [$v | nic] end;

try ({words: ., out: {body: {vm: $uuid, name: null, vcpus: 1,
    memory_mib: 1024}}}
  | until(.words == []; step) | .out
  | if .body.name then . else error("option --name: missing") end)
catch (if type == "object" then . else {refused: .} end)
