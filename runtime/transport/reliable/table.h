/*
 * Table: the reliable transport. Between two sides that know it a stream is ordered, complete,
 * bounded in memory, alive or ended; docs/reliable-streams.md specifies it.
 */
#ifndef NM_TRANSPORT_RELIABLE_TABLE_H
#define NM_TRANSPORT_RELIABLE_TABLE_H

#include "transport/transport.h"

extern const nm_transport nm_reliable_transport;

#endif
