/*
 * Calls between a peer in another language and this library, in both directions.
 */
#ifndef INTEROP_CALLS_H
#define INTEROP_CALLS_H

/* Runs the tests with the peer of that name; returns what main is to return. */
int calls_with_peer(const char *name);

#endif
