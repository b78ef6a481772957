/* SPDX-License-Identifier: ISC */
/* The words that records have for core/plan's decisions. */
#ifndef CORE_PLANWORDS_H
#define CORE_PLANWORDS_H

#include "core/plan.h"

const char *plan_action_word(enum plan_action action);
const char *plan_state_word(enum plan_state state);

#endif
