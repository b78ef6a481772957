/* SPDX-License-Identifier: ISC */
/*
 * Generations and incarnations, the numbers ownership is made of.
 *
 * An incarnation is one life of the database: a number that only rises and a
 * nonce that tells two databases apart which came to the same number. A
 * generation names one right to run a VM: (incarnation, counter, hop),
 * ordered lexicographically; all zeros is none and below every other.
 */
#ifndef CORE_GEN_H
#define CORE_GEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GEN_SIZE 53 /* "INC.COUNTER.HOP" at its longest, and its NUL */

struct inc {
	uint64_t number; /* 0: none known */
	uint64_t nonce;
};

struct gen {
	uint64_t inc; /* the incarnation's number; 0: no generation */
	uint64_t n;   /* counted by the database */
	uint32_t hop; /* migrations since without the database's knowledge */
};

enum inc_order { INC_SAME, INC_LOWER, INC_HIGHER, INC_DIFFERS };

/*
 * The generation of a row that counts n, of a database that has never been
 * another one: of its first incarnation.
 */
struct gen gen_counted(int64_t n);

/* Negative, 0 or positive as a is below, equal to or above b. */
int gen_cmp(struct gen a, struct gen b);

/* The higher of the two. */
struct gen gen_max(struct gen a, struct gen b);

/* Whether it is no generation at all. */
bool gen_none(struct gen g);

/* The generation of a migration without a claim: one hop above both. */
struct gen gen_hop(struct gen g, struct gen floor);

/* "INC.COUNTER.HOP" in decimal. */
void gen_format(struct gen g, char text[static GEN_SIZE]);

/* Parses what gen_format writes, and nothing else; 0, or -1 (EINVAL). */
int gen_parse(const char *text, struct gen *g);

/*
 * What b is, seen from a: same, lower, higher, or INC_DIFFERS: the same
 * number with another nonce, that is two databases that must not be mixed.
 */
enum inc_order inc_order(struct inc a, struct inc b);

/* Whether both are the same known incarnation. */
bool inc_same(struct inc a, struct inc b);

#endif
