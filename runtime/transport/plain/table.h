/*
 * Table: the plain transport, which speaks the protocol of docs/wire-protocol.md as every
 * implementation does.
 */
#ifndef NM_TRANSPORT_PLAIN_TABLE_H
#define NM_TRANSPORT_PLAIN_TABLE_H

#include "transport/transport.h"

/* The call goes over the plain transport, for good. False: no memory. */
bool nm_plain_begin(nm_stream *stream);

#endif
