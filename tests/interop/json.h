/*
 * JSON: the calls that a peer with a JSON encoder of its own and this library make to each other,
 * on the service of jsonlab.proto.
 */
#ifndef INTEROP_JSON_H
#define INTEROP_JSON_H

/* What main returns. The peer is the program of this name; see peer.h. */
int json_with_peer(const char *name);

#endif
