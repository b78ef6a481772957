/* SPDX-License-Identifier: ISC */
#include "core/planwords.h"

const char *
plan_action_word(enum plan_action action)
{
	static const char *const words[] = {
	    "none", "start", "shutdown", "destroy", "fetch", "mark"};

	return words[action];
}

const char *
plan_state_word(enum plan_state state)
{
	static const char *const words[] = {
	    "unknown", "off", "starting", "running", "paused", "stopping"};

	return words[state];
}
