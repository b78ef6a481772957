# SPDX-License-Identifier: ISC
# Lines with events, some of them again and again, to each event once: jq -nRrc
# --unbuffered -L "$share" --arg tty 1|"" --argjson after ID --arg colour C
# -f follow.jq. Blank lines are nothing.
include "chime";

foreach inputs as $line ({seen: {}};
  .new = null
  | if $line == "" then .
    else ($line | fromjson) as $event
    | ($event.id | tostring) as $id
    | if $event.id <= $after or .seen[$id] then .
      else .new = $event | .seen[$id] = true end
    # What lies far behind is not read again.
    | if .seen | length > 400
      then .seen |= with_entries(select((.key | tonumber) > $event.id - 200))
      else . end
    end;
  .new // empty)
| if $tty == "" then .
  else "\(.ts)  \(.level | paint($colour))  \(.kind)  \(.text | plain)"
  end
