# SPDX-License-Identifier: ISC
# "NAME CAN-TELL UP READY WANTED PID EXIT SIGNAL SECONDS", as s6-svstat says
# it, to a record: jq -cR -L "$share" --arg role ROLE -f status.jq
include "chime";

def ended($exit; $signal):
  if $signal != "NA" then "ended by " + $signal
  elif $exit == "-1" then null
  else "ended with code " + $exit
    + (if $exit == "100" then " (configuration: see its log)" else "" end)
  end;

split(" ") as [$name, $can, $up, $ready, $wanted, $pid, $exit, $signal, $for]
| {type: "service", ts: ts, role: $role, service: $name,
   state: (if $up == "true" then "up" else "down" end),
   ready: ($up == "true" and ($can == "false" or $ready == "true"))}
  + (if $up == "true" then {pid: ($pid | tonumber)} else {} end)
  + (if $for then {for_s: ($for | tonumber)} else {} end)
  + (if $up == "true" then {}
     else {reason: (if $up == null then "not supervised"
       elif $wanted == "false" then "stays down: "
         + (ended($exit; $signal) // "as told")
       else ended($exit; $signal) // "starting" end)} end)
