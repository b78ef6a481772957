# SPDX-License-Identifier: ISC
# The records of `chime-agent status` for people: jq -rs -L "$share"
# --arg colour C --arg up SECONDS -f node.jq
include "chime";

def host:
  if . == null then "node: nothing observed yet"
  else "node " + (.host | plain) + ": " + (.health | plain | paint($colour))
    + (if .reason then ", " + (.reason | plain) else "" end)
  end;

def beat:
  if . == null then "server: has not answered a heartbeat in this boot"
  else "server: answered the heartbeat of "
    + ((($up | tonumber) - .sent_ms / 1000) | floor | tostring) + " s ago"
  end;

def net:
  "network " + (.net | plain) + ": "
  + if fresh($up) then
      (.state | plain | paint($colour))
      + (if .state == "up" then "" else " since " + (.since | plain) end)
      + (if .interface then " through " + (.interface | plain) else "" end)
      + if .reason then ", " + (.reason | plain)
        else ", \(.answered) of \(.peers) peers answer" end
    else ("unknown" | paint($colour)) + ", chime-probe does not report" end;

(map(select(.type == "service"))
 | select(length > 0)
 | table(["service", "state", "ready", "pid", "for_s", "reason"]; $colour),
   ""),
(map(select(.type == "host")) | .[0] | host),
(map(select(.type == "fact")) | .[] | net),
(map(select(.type == "lease")) | .[0] | beat)
