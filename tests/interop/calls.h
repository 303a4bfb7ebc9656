/*
 * Calls between a peer in another language and this library, in both directions.
 */
#ifndef INTEROP_CALLS_H
#define INTEROP_CALLS_H

#include <stdbool.h>

/*
 * Runs the tests with the peer of that name; returns what main is to return. `knows_presence`: it
 * has the service of tests/protos/presence/v1/presence.proto, too, and calls ours.
 */
int calls_with_peer(const char *name, bool knows_presence);

#endif
