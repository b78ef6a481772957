/* SPDX-License-Identifier: ISC */
/*
 * Rules broken on purpose: CORE_MUTANT(name) is 0, except in the simulator's
 * own build (t/sim), where it is true for the one mutant under test. Each
 * shows that the simulator would notice the rule's absence.
 */
#ifndef CORE_MUTANT_H
#define CORE_MUTANT_H

#ifdef CORE_MUTANTS
#include "mutants.h"
#define CORE_MUTANT(name) (core_mutant == MUTANT_##name)
#else
#define CORE_MUTANT(name) 0
#endif

#endif
