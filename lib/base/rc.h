/* SPDX-License-Identifier: ISC */
/* The exit codes of every program; chime(7) owns the table. */
#ifndef BASE_RC_H
#define BASE_RC_H

enum rc {
	RC_OK = 0,       /* done; yes; with -n: nothing to do */
	RC_NO = 1,       /* no; some records refused; -n: something to do */
	RC_TIMEOUT = 99, /* a deadline passed */
	RC_USAGE = 100,  /* wrong usage, configuration or input: do not retry */
	RC_BUG = 101,    /* an impossible state: report it */
	RC_TEMP = 111    /* the system or a peer failed: retrying may help */
};

#endif
