/* SPDX-License-Identifier: ISC */
/* lib/driver/nets: whom to ask, and which networks are down. */
#include "driver/nets.h"

#include "unit.h"

static struct nets nets;
static struct json_reason why;

static int
parse(const char *text)
{
	return nets_parse(&nets, text, strlen(text), &why);
}

static void
lists(void)
{
	CHECK("both networks",
	    parse("{\"type\":\"host\",\"interval_ms\":2000,"
		  "\"node_ip\":\"10.1.0.1\",\"storage_ip\":\"10.2.0.1\","
		  "\"business_peers\":[\"10.1.0.2\"],"
		  "\"storage_peers\":[\"10.2.0.2\",\"10.2.0.3\"]}\n"
		  "{\"type\":\"vm\"}\n") == 0);
	CHECK("the node's own addresses",
	    unit_same(nets.net[NETS_BUSINESS].address, "10.1.0.1") &&
		unit_same(nets.net[NETS_STORAGE].address, "10.2.0.1"));
	CHECK("its peers",
	    nets.net[NETS_BUSINESS].n == 1 && nets.net[NETS_STORAGE].n == 2 &&
		unit_same(nets.net[NETS_STORAGE].peer[1], "10.2.0.3"));
	CHECK("and the pace", nets.interval_ms == 2000);
	CHECK("a server that tells of none",
	    parse("{\"type\":\"host\",\"host\":\"n1\"}") == 0 &&
		!*nets.net[NETS_STORAGE].address && !nets.net[NETS_STORAGE].n &&
		!nets.interval_ms);
}

static void
refusals(void)
{
	CHECK("an empty file", parse("") == -1);
	CHECK("no JSON", parse("<html>\n") == -1);
	CHECK("not the host first",
	    parse("{\"type\":\"vm\"}\n") == -1 &&
		unit_same(why.text, "type: expected host first, found vm"));
	CHECK("a number for an address",
	    parse("{\"type\":\"host\",\"node_ip\":7}") == -1);
	CHECK("a text for a list",
	    parse("{\"type\":\"host\",\"storage_peers\":\"a\"}") == -1);
	CHECK("a list of something else",
	    parse("{\"type\":\"host\",\"storage_peers\":[7]}") == -1 &&
		unit_same(why.text, "storage_peers: expected addresses"));
	CHECK("too many",
	    parse("{\"type\":\"host\",\"storage_peers\":[\"a\",\"a\",\"a\","
		  "\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\","
		  "\"a\",\"a\",\"a\",\"a\",\"a\"]}") == -1);
}

#define FACT(net, state, more)                                                 \
	"{\"type\":\"fact\",\"net\":\"" net "\",\"state\":\"" state "\"" more  \
	",\"at_ms\":5000,\"interval_ms\":1000}\n"
#define SILENT  ",\"reason\":\"no peer answers\",\"interface\":\"eth1\""
#define CARRIER ",\"reason\":\"no carrier\",\"interface\":\"eth0\""
#define NOWHERE                                                                \
	",\"reason\":\"no interface has its address\",\"address\":\"10.2.0.1\""

/* What is told of the text at that time. */
static const char *
down(const char *text, int64_t now)
{
	static char told[256];
	bool is = nets_down(text, strlen(text), now, told, sizeof(told));

	return is == (*told != '\0') ? told : "neither down nor not";
}

static void
states(void)
{
	char small[24];
	const char *text = FACT("storage", "down", SILENT);

	CHECK("nothing is known", unit_same(down("", 5000), ""));
	CHECK("up, and unknown, are not down",
	    unit_same(down(FACT("business", "up", "")
			       FACT("storage", "unknown", SILENT),
			  5000),
		""));
	CHECK("down, and why",
	    unit_same(
		down(FACT("business", "up", "") FACT("storage", "down", SILENT),
		    5000),
		"storage network: down: no peer answers through eth1"));
	CHECK("both",
	    unit_same(down(FACT("business", "down", CARRIER)
			       FACT("storage", "down", NOWHERE),
			  5000),
		"business network: down: no carrier (eth0); storage network: "
		"down: no interface has its address (10.2.0.1)"));
	CHECK("without a reason",
	    unit_same(down(FACT("storage", "down", ""), 5000),
		"storage network: down: no reason given"));
	CHECK("as long as it is renewed", *down(text, 8000));
	CHECK("and no longer", !*down(text, 8001));
	CHECK("other lines are passed over",
	    *down("junk\n{\"type\":\"x\"}\n"
		  "{\"net\":\"storage\",\"state\":\"down\"}\n" FACT(
		      "storage", "down", SILENT),
		5000));
	CHECK("as is a line that is not whole",
	    !*down("{\"type\":\"fact\"", 5000));
	CHECK("a small buffer is not passed",
	    nets_down(text, strlen(text), 5000, small, sizeof(small)) &&
		unit_same(small, "storage network: down: "));
}

int
main(void)
{
	lists();
	refusals();
	states();
	return unit_done();
}
