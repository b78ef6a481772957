/* SPDX-License-Identifier: ISC */
#include "base/clk.h"

#include "unit.h"

#include <poll.h>
#include <stdlib.h>

static int
shape(const char *ts)
{
	const char *model = "dddd-dd-ddTdd:dd:dd.dddZ";

	if (strlen(ts) != strlen(model))
		return 0;
	for (size_t i = 0; model[i]; i++)
		if (model[i] == 'd' ? ts[i] < '0' || ts[i] > '9'
				    : ts[i] != model[i])
			return 0;
	return 1;
}

int
main(void)
{
	char a[CLK_TS_SIZE], b[CLK_TS_SIZE];
	int64_t mono = clk_mono_ms(), boot = clk_boot_ms();
	int64_t wall = clk_wall_ms();
	struct tm tm;
	time_t now;

	clk_ts(a);
	CHECK("shape of a time stamp", shape(a));
	CHECK("it ends with its NUL", a[CLK_TS_SIZE - 1] == '\0');
	poll(NULL, 0, 20);
	clk_ts(b);
	CHECK("time stamps order as text", strcmp(a, b) < 0);
	CHECK("monotonic", clk_mono_ms() - mono >= 20);
	CHECK("boot time", clk_boot_ms() - boot >= 20);
	CHECK("boot time counts suspension too", clk_boot_ms() >= mono);
	now = (time_t)(wall / 1000);
	gmtime_r(&now, &tm);
	CHECK("wall time is in milliseconds", tm.tm_year >= 124);
	setenv("TZ", "Asia/Shanghai", 1);
	tzset();
	clk_ts(a);
	CHECK("UTC in any time zone", strncmp(a, b, 13) == 0);
	return unit_done();
}
