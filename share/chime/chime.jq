# SPDX-License-Identifier: ISC
# What the scripts show people, and the records they make:
# jq -L "$share" 'include "chime"; ...'

# Now, as every record's ts.
def ts:
  (now * 1000 | floor) as $ms
  | ($ms / 1000 | floor | strftime("%Y-%m-%dT%H:%M:%S")) + "."
    + ($ms % 1000 + 1000 | tostring[1:]) + "Z";

# Text without control characters: it may come from anybody.
def plain:
  explode | map(if . < 32 or (. >= 127 and . < 160) then 63 else . end)
  | implode;

# Whether what chime-probe found counts; up is the first word of /proc/uptime.
def fresh($up):
  (.at_ms // 0) >= ($up | tonumber) * 1000 - 3 * (.interval_ms // 0);

# Columns of a terminal: 2 for a Chinese character, 0 for a combining one.
def width:
  explode
  | map(if . < 768 then 1
    elif . < 880 or (. >= 8203 and . < 8208) or (. >= 65024 and . < 65040)
    then 0
    elif (. >= 4352 and . < 4448) or (. >= 11904 and . < 42192 and . != 12351)
      or (. >= 44032 and . < 55204) or (. >= 63744 and . < 64256)
      or (. >= 65072 and . < 65136) or (. >= 65281 and . < 65377)
      or (. >= 65504 and . < 65511) or (. >= 127744 and . < 129792)
      or (. >= 131072 and . < 262142) then 2
    else 1 end)
  | add // 0;

def cell:
  if . == null then "-" elif type == "string" then plain else tojson end;

# A word in the colour of its meaning; colour is "" without colours.
def paint($colour):
  if $colour == "" then .
  elif . == "run" or . == "running" or . == "ok" or . == "up" or . == "info"
  then "\u001b[32m" + . + "\u001b[0m"
  elif . == "unreachable" or . == "error" or . == "down" or . == "alert"
    or . == "unknown" then "\u001b[31m" + . + "\u001b[0m"
  elif . == "silent" or . == "disabled" or . == "drained" or . == "starting"
    or . == "stopping" or . == "paused" or . == "warning"
  then "\u001b[33m" + . + "\u001b[0m"
  else . end;

# [[title, text, text...], ...]: columns in, lines out, the last one ragged.
def columns($colour):
  map((map(width) | max) as $w
    | [.[0] + " " * ($w - (.[0] | width))]
      + (.[1:] | map(paint($colour) + " " * ($w - width))))
  | transpose | map(join("  ") | sub(" +$"; "")) | .[];

# An array of records as a table of these fields, named in capitals.
def table($fields; $colour):
  . as $rows
  | $fields | map(. as $f
    | [$f | ascii_upcase | gsub("_"; " ")] + ($rows | map(.[$f] | cell)))
  | columns($colour);

# A record as one field a line.
def fields($colour):
  [["FIELD"] + (to_entries | map(.key)),
   ["VALUE"] + (to_entries | map(.value | cell))]
  | columns($colour);
