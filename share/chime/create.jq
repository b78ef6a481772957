# SPDX-License-Identifier: ISC
# The options of `chimecli vm create|import|adopt` to a request: an array of
# words in, {"body", "xml"?, "wait_s"?, "dry"?}, {"refused": why} or
# {"unknown": word} out. xml is the file the XML is in.
# jq --arg uuid NEW-UUID --arg command create|import|adopt -f create.jq

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
  | (["--name", "--uuid", "--host", "--restart", "--failover", "--label",
      "--avoid", "--need"]
     + {create: ["--vcpus", "--memory-mib", "--disk", "--nic"],
	import: ["--xml"], adopt: []}[$command]) as $valued
  | (["-n", "--dry-run", "--wait"]
     + {create: ["--stopped"], import: ["--stopped"], adopt: []}[$command])
    as $flags
  | (if $flags | index($o) then 1
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
    elif $o == "--failover" then .out.body.failover = $v
    elif $o == "--label" then .out.body.labels += [$v]
    elif $o == "--avoid" then .out.body.avoid += [$v]
    elif $o == "--need" then .out.body.need += [$v]
    elif $o == "--xml" then .out.xml = $v
    elif $o == "--vcpus" then .out.body.vcpus = ($v | whole($o))
    elif $o == "--memory-mib" then .out.body.memory_mib = ($v | whole($o))
    elif $o == "--disk" then .out.body.spec.disks += [$v | disk]
    else .out.body.spec.nics += [$v | nic] end;

# What there is before the options, and what must be there behind them.
def first:
  if $command == "create"
  then {vm: $uuid, name: null, vcpus: 1, memory_mib: 1024}
  elif $command == "import" then {}
  else {adopt: true, vm: null, host: null} end;

def checked:
  if $command == "create" and (.body.name | not)
  then error("option --name: missing")
  elif $command == "import" and (.xml | not)
  then error("option --xml: missing: a file, or - for standard input")
  elif $command == "adopt" and (.body.vm and .body.host | not)
  then error("options --host and --uuid: needed")
  else . end;

try ({words: ., out: {body: first}} | until(.words == []; step) | .out
  | checked)
catch (if type == "object" then . else {refused: .} end)
