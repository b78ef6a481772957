/* SPDX-License-Identifier: ISC */
/* Names for hosts and boots: the rules compare them as text. */
#include "sim.h"

#define TEN(p, d)                                                              \
	p d "0", p d "1", p d "2", p d "3", p d "4", p d "5", p d "6",         \
	    p d "7", p d "8", p d "9"
#define HUNDRED(p, d)                                                          \
	TEN(p, d "0"), TEN(p, d "1"), TEN(p, d "2"), TEN(p, d "3"),            \
	    TEN(p, d "4"), TEN(p, d "5"), TEN(p, d "6"), TEN(p, d "7"),        \
	    TEN(p, d "8"), TEN(p, d "9")

const char *const sim_hosts[MAXH] = {
    TEN("h", "0"), TEN("h", "1"), TEN("h", "2"), TEN("h", "3"), TEN("h", "4")};

const char *const sim_boots[MAXBOOT] = {HUNDRED("b", "0"), HUNDRED("b", "1")};
