/* SPDX-License-Identifier: ISC */
#include "store/migrate.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

int
main(void)
{
	char none[] = "-- nothing\n\n   \n--\n";
	char two[] = "-- first\nCREATE TABLE a (\n  b TEXT -- c;d\n);  \r\n\n"
		     "-- second;\nINSERT INTO a VALUES ('x;y\n;z');\n";
	char open[] = "SELECT 1;\nSELECT 2\n";
	char *at = none, *s;

	CHECK("comments are no statements", migrate_statement(&at) == NULL);
	CHECK("and neither is the end", migrate_statement(&at) == NULL);

	at = two;
	s = migrate_statement(&at);
	CHECK("a statement goes on to a line that ends it",
	    unit_same(s, "CREATE TABLE a (\n  b TEXT -- c;d\n)"));
	s = migrate_statement(&at);
	CHECK("the next one follows",
	    unit_same(s, "INSERT INTO a VALUES ('x;y\n;z')"));
	CHECK("then there is none", migrate_statement(&at) == NULL);

	at = open;
	CHECK("a short one", unit_same(migrate_statement(&at), "SELECT 1"));
	CHECK("one without its end is still run: it may be a mistake",
	    unit_same(migrate_statement(&at), "SELECT 2\n"));
	CHECK("and is the last", migrate_statement(&at) == NULL);
	return unit_done();
}
