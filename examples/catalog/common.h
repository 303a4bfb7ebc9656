/*
 * Common: what the service and the command share: a connection with the options that natsmicro
 * recommends, and texts of others as a terminal may show them.
 */
#ifndef CATALOG_COMMON_H
#define CATALOG_COMMON_H

#include <nats/nats.h>

/* Connects to a NATS server. Returns NULL, after a line on stderr, when that fails. */
natsConnection *connect_to(const char *url);

/*
 * For an argument of printf: show(text).text has all but plain ASCII as \x and two digits, because
 * a text of a peer may hold any characters, and a terminal acts on some of them. What does not fit
 * is left out. examples/blob/text.c shows other languages, too.
 */
typedef struct shown_text {
    char text[1200];
} shown_text;

shown_text show(const char *text);

#endif
