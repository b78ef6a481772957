/* SPDX-License-Identifier: ISC */
/*
 * The database's address and password from the environment:
 * CHIME_DB_SOCKET (wins) or CHIME_DB_HOST with CHIME_DB_PORT (3306),
 * CHIME_DB_USER (chime), CHIME_DB_NAME (chime), CHIME_DB_PASSWORD_FILE (none;
 * the file must be closed to group and others).
 */
#ifndef DRIVER_DBCONF_H
#define DRIVER_DBCONF_H

#include <stddef.h>

#include "driver/db.h"

#define DBCONF_SECRET_SIZE 256

struct dbconf {
	struct db_conf conf; /* points into the environment and at secret */
	char secret[DBCONF_SECRET_SIZE];
	char reason[320]; /* set when dbconf_env returned -1 */
};

/*
 * Fills c. 0, or -1 with c->reason: the variable, what it was and what was
 * expected. Wipe c->secret (dbconf_wipe) once db_new has taken its copy.
 */
int dbconf_env(struct dbconf *c);

/* Overwrites the password. */
void dbconf_wipe(struct dbconf *c);

#endif
