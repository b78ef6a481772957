/* SPDX-License-Identifier: ISC */
/* core/planwords: the words of records, which others read. */
#include "core/planwords.h"

#include "unit.h"

int
main(void)
{
	static const char *const actions[] = {
	    "none", "start", "shutdown", "destroy", "fetch", "mark"};
	static const char *const states[] = {
	    "unknown", "off", "starting", "running", "paused", "stopping"};

	for (int i = PLAN_NONE; i <= PLAN_MARK; i++)
		unit_check(
		    actions[i], unit_same(actions[i],
				    plan_action_word((enum plan_action)i)));
	for (int i = PLAN_STATE_UNKNOWN; i <= PLAN_STATE_STOPPING; i++)
		unit_check(states[i],
		    unit_same(states[i], plan_state_word((enum plan_state)i)));
	return unit_done();
}
