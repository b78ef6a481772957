/* SPDX-License-Identifier: ISC */
/* lib/driver/jobs: slots, the queue, deadlines. */
#include "driver/jobs.h"

#include "unit.h"

static struct jobs s;
static int me;

static struct job *
add(int64_t deadline)
{
	struct wire_request r = {.method = "GET"};

	return jobs_add(&s, &r, 100000, deadline, &me);
}

int
main(void)
{
	struct wire_request r = {.method = "GET"};
	struct job *a, *b, *c;
	uint64_t old;

	jobs_init(&s, 3);
	a = add(300);
	b = add(100);
	c = add(200);
	CHECK("three slots, three jobs", a && b && c && s.pending == 3);
	CHECK("and no more", !add(1));
	CHECK("the queue keeps the order of arrival",
	    s.head == a && a->queued == b && b->queued == c && !c->queued);
	CHECK("the next to expire is known",
	    s.first == b && b->next == c && c->next == a && s.last == a);
	CHECK("ids find their jobs",
	    jobs_find(&s, a->id) == a && jobs_find(&s, b->id) == b);
	CHECK("and nothing else", !jobs_find(&s, 0) && !jobs_find(&s, 999));
	jobs_unqueue(&s, c);
	jobs_unqueue(&s, a);
	CHECK("out of the queue from both ends", s.head == b && !b->queued);
	jobs_enqueue(&s, c);
	CHECK("and back behind the others", b->queued == c);
	CHECK("an answer takes its arg once",
	    jobs_answer(&s, c) == &me && !jobs_answer(&s, c));
	CHECK("then it does not expire",
	    s.first == b && b->next == a && s.pending == 2);
	CHECK("but is known until it is removed", jobs_find(&s, c->id) == c);
	jobs_unqueue(&s, c);
	old = c->id;
	jobs_remove(&s, c);
	CHECK("a late answer to a removed one is not", !jobs_find(&s, old));
	c = add(50);
	CHECK("its slot is used again, under another id",
	    c && c->id != old && !jobs_find(&s, old) && s.first == c);
	jobs_answer(&s, c);
	jobs_unqueue(&s, c);
	jobs_remove(&s, c);
	CHECK("too many bytes are refused",
	    !jobs_add(&s, &r, 10, 1, &me) && s.bytes > 10);
	jobs_drop_line(&s, a);
	jobs_drop_line(&s, b);
	CHECK("lines that are dropped count no more", s.bytes == 0);
	jobs_free(&s);
	return unit_done();
}
