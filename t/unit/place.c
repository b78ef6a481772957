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
	    .memory_used_mib = used};
}

static void
fits(void)
{
	struct place_need need = {.vcpus = 1, .memory_mib = 64, .cpu_ratio = 4};
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
	need.cpu_ratio = 64;
	CHECK("unless more are allowed", place_check(&h, &need) == PLACE_FITS);
	h.facts = false;
	CHECK("nothing fits an unknown size",
	    place_check(&h, &need) == PLACE_NO_FACTS);
}

static void
status(void)
{
	struct place_need need = {.vcpus = 1, .memory_mib = 1, .cpu_ratio = 1};
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
	struct place_need need = {.vcpus = 1, .memory_mib = 64, .cpu_ratio = 4};
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
	struct place_need need = {.vcpus = 9, .memory_mib = 64, .cpu_ratio = 4};
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

int
main(void)
{
	fits();
	status();
	choice();
	reasons();
	return unit_done();
}
