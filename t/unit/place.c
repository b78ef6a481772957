/* SPDX-License-Identifier: ISC */
#include "core/place.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

static struct place_host
host(const char *name, int64_t memory, int64_t used)
{
	return (struct place_host){.name = name,
	    .status = STATUS_RUN,
	    .facts = true,
	    .vcpus = 2,
	    .memory_mib = memory,
	    .memory_used_mib = used,
	    .cpu_ratio = 4,
	    .memory_ratio = 100};
}

static void
fits(void)
{
	struct place_need need = {.vcpus = 1, .memory_mib = 64};
	struct place_host h = host("n1", 128, 64);

	CHECK(
	    "the last MiB may be taken", place_check(&h, &need) == PLACE_FITS);
	h.memory_used_mib++;
	CHECK("but not one more", place_check(&h, &need) == PLACE_MEMORY);
	h.memory_used_mib = 1000;
	CHECK("an overfull host has less than nothing",
	    place_memory_free(&h) < 0 &&
		place_check(&h, &need) == PLACE_MEMORY);
	h.memory_used_mib = 0;
	h.vcpus_used = 7;
	CHECK("eight vCPUs on two cores", place_check(&h, &need) == PLACE_FITS);
	h.vcpus_used = 8;
	CHECK("not nine", place_check(&h, &need) == PLACE_VCPUS);
	h.cpu_ratio = 64;
	CHECK("unless more are allowed", place_check(&h, &need) == PLACE_FITS);
	h.facts = false;
	CHECK("nothing fits an unknown size",
	    place_check(&h, &need) == PLACE_NO_FACTS);
}

static void
status(void)
{
	struct place_need need = {.vcpus = 1, .memory_mib = 1};
	struct place_host h = host("n1", 128, 0);
	char why[120];

	for (int s = STATUS_SILENT; s <= STATUS_DOWN; s++) {
		h.status = (enum judge_status)s;
		place_reason(&h, &need, why, sizeof(why));
		CHECK("only a host in run takes VMs",
		    place_check(&h, &need) == PLACE_NOT_RUN);
		CHECK("and the reason says what it is",
		    strstr(why, judge_status_words[s]) != NULL);
	}
}

static void
choice(void)
{
	struct place_need need = {.vcpus = 1, .memory_mib = 64};
	struct place_host h[4] = {host("n4", 256, 64), host("n2", 300, 108),
	    host("n3", 4096, 4090), host("n1", 999, 0)};

	h[3].status = STATUS_UNREACHABLE;
	CHECK("the freest, and of equals the first by name",
	    place_choose(h, 4, &need) == 1);
	h[1].memory_used_mib++;
	CHECK("the freest", place_choose(h, 4, &need) == 0);
	h[3].status = STATUS_RUN;
	CHECK("one that came back", place_choose(h, 4, &need) == 3);
	CHECK("none among none", place_choose(h, 0, &need) == -1);
	need.memory_mib = 1000;
	CHECK("none that fits", place_choose(h, 4, &need) == -1);
}

static void
reasons(void)
{
	struct place_need need = {.vcpus = 9, .memory_mib = 64};
	struct place_host h = host("n1", 128, 100);
	char why[120], little[8];

	place_reason(&h, &need, why, sizeof(why));
	CHECK("memory is told in numbers",
	    strcmp(why, "n1 has 28 MiB of memory free, 64 are needed") == 0);
	h.memory_used_mib = 0;
	place_reason(&h, &need, why, sizeof(why));
	CHECK("so are vCPUs", strstr(why, "n1 has 8 vCPUs free") == why);
	place_reason(&h, &need, little, sizeof(little));
	CHECK("what does not fit is cut", strlen(little) < sizeof(little));
}

static void
limits(void)
{
	struct place_need need = {.vcpus = 1, .memory_mib = 64};
	struct place_host h = host("n1", 128, 0);

	h.reserve_memory_mib = 64;
	CHECK("what is left beside the reserve",
	    place_check(&h, &need) == PLACE_FITS);
	h.reserve_memory_mib = 65;
	CHECK(
	    "the reserve is not taken", place_check(&h, &need) == PLACE_MEMORY);
	h.memory_ratio = 150;
	CHECK("more than there is, if it may be",
	    place_memory_free(&h) == 94 &&
		place_check(&h, &need) == PLACE_FITS);
	h.reserve_memory_mib = 1000;
	CHECK("a reserve above all of it leaves nothing",
	    place_memory_free(&h) == 0);
	h.reserve_memory_mib = 0;
	h.reserve_vcpus = 1;
	h.vcpus_used = 4;
	CHECK("a core that is kept carries no vCPUs",
	    place_check(&h, &need) == PLACE_VCPUS);
	h.reserve_vcpus = 3;
	h.vcpus_used = 0;
	CHECK("not even negative ones", place_vcpus_free(&h) == 0);
}

static void
labels(void)
{
	struct place_need need = {
	    .vcpus = 1, .memory_mib = 64, .need = "ssd,zone=a"};
	struct place_host h = host("n1", 128, 0);
	char why[PLACE_WHY_SIZE], label[64];

	place_reason(&h, &need, why, sizeof(why));
	CHECK("a host without labels has none of them",
	    strcmp(why, "n1 does not have the label ssd") == 0);
	h.labels = "gpu,ssd,zone=ab";
	place_reason(&h, &need, why, sizeof(why));
	CHECK("a part of a label is not the label",
	    strcmp(why, "n1 does not have the label zone=a") == 0);
	h.labels = "gpu,ssd,zone=a";
	CHECK("all of them", place_check(&h, &need) == PLACE_FITS);
	h.clash = "db";
	place_reason(&h, &need, why, sizeof(why));
	CHECK("a VM to keep apart from",
	    strstr(why, "a VM with the label db") != NULL);
	h.clash_back = true;
	place_reason(&h, &need, why, sizeof(why));
	CHECK("one that keeps apart",
	    strstr(why, "a VM that avoids the label db") != NULL);
	CHECK("lists in common",
	    place_first("a,b,c", "x,c,b", false, label, sizeof(label)) &&
		strcmp(label, "b") == 0);
	CHECK("nothing in common",
	    !place_first("a,b", "c", false, label, sizeof(label)) &&
		!place_first(NULL, "c", false, label, sizeof(label)) &&
		!place_first("a", NULL, false, label, sizeof(label)) &&
		!place_first("", "", true, label, sizeof(label)));
}

int
main(void)
{
	fits();
	status();
	choice();
	reasons();
	limits();
	labels();
	return unit_done();
}
