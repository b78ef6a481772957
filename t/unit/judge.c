/* SPDX-License-Identifier: ISC */
/* lib/core/judge: the table of status words, and who is silent when. */
#include "core/judge.h"

#include <stdlib.h>

#include "unit.h"

#define BOOT_A "11111111-1111-4111-8111-111111111111"
#define BOOT_B "22222222-2222-4222-8222-222222222222"

static const struct {
	const char *admin, *health, *status;
} words[] = {
    {"run", "ok", "run"},
    {"run", "silent", "silent"},
    {"run", "error", "error"},
    {"run", "unreachable", "unreachable"},
    {"disabled", "ok", "disabled"},
    {"disabled", "silent", "disabled"},
    {"disabled", "error", "error"},
    {"disabled", "unreachable", "unreachable"},
    {"drained", "ok", "drained"},
    {"drained", "silent", "drained"},
    {"drained", "error", "error"},
    {"drained", "unreachable", "unreachable"},
    {"down", "ok", "down"},
    {"down", "silent", "down"},
    {"down", "error", "down"},
    {"down", "unreachable", "down"},
};

static void
status_words(void)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		int a = judge_word(judge_admin_words, words[i].admin);
		int h = judge_word(judge_health_words, words[i].health);
		char name[80];

		snprintf(name, sizeof(name), "%s and %s is %s", words[i].admin,
		    words[i].health, words[i].status);
		CHECK(name,
		    a >= 0 && h >= 0 &&
			unit_same(
			    judge_status_words[judge_status(
				(enum judge_admin)a, (enum judge_health)h)],
			    words[i].status));
	}
	CHECK("an unknown word has no place",
	    judge_word(judge_admin_words, "off") == -1);
	CHECK(
	    "no word has no place", judge_word(judge_admin_words, NULL) == -1);
	CHECK(
	    "words are whole words", judge_word(judge_health_words, "o") == -1);
}

static void
ping_and_report(void)
{
	CHECK("a report without error is ok",
	    judge_reporting(false) == HEALTH_OK);
	CHECK("a report of an error is an error",
	    judge_reporting(true) == HEALTH_ERROR);
	CHECK("an answer makes the silent host silent",
	    judge_silent(true) == HEALTH_SILENT);
	CHECK("no answer makes it unreachable",
	    judge_silent(false) == HEALTH_UNREACHABLE);
}

/* One reading at now that finds one host and takes no time. */
static int64_t
look(struct judge_track *t, int64_t now, const char *boot, int64_t beat)
{
	int64_t r;

	judge_round(t, now);
	r = judge_seen(t, "n1", boot, beat);
	judge_round_end(t, now);
	return r;
}

/* Readings every 100 ms from begin (included) to end; the last answer. */
static int64_t
watch(struct judge_track *t, int64_t begin, int64_t end, int64_t beat)
{
	int64_t r = -1;

	for (int64_t now = begin; now < end; now += 100)
		r = look(t, now, BOOT_A, beat);
	return r;
}

static void
silence(void)
{
	struct judge_track *t = judge_track_new(3000, 1000, 1000);

	CHECK("a host just read is not silent", watch(t, 5000, 7999, 1) == -1);
	CHECK("not 1 ms before its time", look(t, 7999, BOOT_A, 1) == -1);
	CHECK("but at its time", look(t, 8000, BOOT_A, 1) == 3000);
	CHECK("and not again at once", look(t, 8001, BOOT_A, 1) == -1);
	CHECK("nor before an interval", watch(t, 8100, 9000, 1) == -1);
	CHECK("but then", look(t, 9000, BOOT_A, 1) == 4000);
	CHECK("a new beat ends it", look(t, 9100, BOOT_A, 2) == -1);
	CHECK("and counting is from there", watch(t, 9200, 12099, 2) == -1);
	CHECK("for the whole time", look(t, 12100, BOOT_A, 2) == 3000);
	CHECK("a new boot with the same beat ends it too",
	    look(t, 12200, BOOT_B, 2) == -1 &&
		look(t, 13200, BOOT_B, 2) == -1 &&
		look(t, 14200, BOOT_B, 2) == -1 &&
		look(t, 15200, BOOT_B, 2) == 3000);
	CHECK("a lower beat is a change as well",
	    look(t, 16200, BOOT_B, 1) == -1);
	judge_track_free(t);
}

static void
restarts(void)
{
	struct judge_track *t = judge_track_new(3000, 1000, 1000);

	watch(t, 0, 2900, 1);
	judge_forget(t);
	CHECK("after a restart counting begins anew",
	    watch(t, 2900, 5900, 1) == -1);
	CHECK(
	    "and ends after the whole time", look(t, 5900, BOOT_A, 1) == 3000);
	judge_forget(t);
	CHECK("the pause of a restart is no gap",
	    look(t, 90000, BOOT_A, 1) == -1 &&
		look(t, 91000, BOOT_A, 1) == -1 &&
		look(t, 92000, BOOT_A, 1) == -1 &&
		look(t, 93000, BOOT_A, 1) == 3000);
	judge_round(t, 93100);
	judge_round_end(t, 93100);
	CHECK("a host not found is forgotten", look(t, 93200, BOOT_A, 1) == -1);
	judge_track_free(t);
}

static void
gaps(void)
{
	struct judge_track *t = judge_track_new(3000, 1000, 1000);

	watch(t, 0, 100, 1);
	CHECK("of a long gap only an interval counts",
	    look(t, 60000, BOOT_A, 1) == -1);
	CHECK("the rest is counted on", watch(t, 60100, 62000, 1) == -1);
	CHECK("to its end", look(t, 62000, BOOT_A, 1) == 3000);
	judge_forget(t);
	watch(t, 70000, 70100, 1);
	judge_round(t, 70500);
	judge_seen(t, "n1", BOOT_A, 1);
	judge_round_end(t, 90500);
	CHECK("of a long reading only an interval counts",
	    look(t, 90600, BOOT_A, 1) == -1 && watch(t, 90700, 91900, 1) == -1);
	CHECK("and the rest as ever", look(t, 92000, BOOT_A, 1) == 3000);
	judge_track_free(t);
}

static void
readings_take_time(void)
{
	struct judge_track *t = judge_track_new(3000, 1000, 1000);
	int64_t due;

	judge_round(t, 1000);
	judge_seen(t, "n1", BOOT_A, 1);
	due = judge_round_end(t, 1400);
	CHECK("the beat may be as young as the reading's end", due == 3000);
	CHECK("so it is counted from there",
	    look(t, 1500, BOOT_A, 1) == -1 && look(t, 2400, BOOT_A, 1) == -1 &&
		look(t, 3400, BOOT_A, 1) == -1 &&
		look(t, 4399, BOOT_A, 1) == -1);
	judge_round(t, 4400);
	CHECK("a reading's begin is what it proves",
	    judge_seen(t, "n1", BOOT_A, 1) == 3000);
	due = judge_round_end(t, 4600);
	CHECK("the next is due an interval after", due == 800);
	judge_track_free(t);
}

static void
many(void)
{
	struct judge_track *t = judge_track_new(3000, 1000, 1000);
	int64_t due, bad = 0, late = 0;
	char name[16];

	CHECK("without hosts nothing is due",
	    (judge_round(t, 0), judge_round_end(t, 0)) == INT64_MAX);
	for (int64_t now = 0; now <= 3000; now += 500) {
		judge_round(t, now);
		for (int i = 0; i < 1000; i++) {
			/* Every third beats on, every seventh is new at 500. */
			int64_t silent;

			if (i % 7 == 0 && now < 500)
				continue;
			snprintf(name, sizeof(name), "n%04d", i);
			silent =
			    judge_seen(t, name, BOOT_A, i % 3 ? 1 : now / 500);
			if (silent != -1 && now < 3000)
				bad++;
			if (now == 3000)
				late += (silent == 3000) != (i % 3 && i % 7);
		}
		due = judge_round_end(t, now);
	}
	CHECK("none of a thousand is silent early", bad == 0);
	CHECK("and exactly the quiet ones are in time", late == 0);
	CHECK("the newcomers are due next", due == 500);
	judge_track_free(t);
}

int
main(void)
{
	status_words();
	ping_and_report();
	silence();
	restarts();
	gaps();
	readings_take_time();
	many();
	return unit_done();
}
