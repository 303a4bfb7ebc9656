/*
 * Discovery: the JSON that a service says of itself on $SRV.PING, $SRV.INFO and $SRV.STATS. Only
 * texts; subscribing and counting are the server's.
 */
#ifndef NM_DISCOVERY_DISCOVERY_H
#define NM_DISCOVERY_DISCOVERY_H

#include "natsmicro/server.h"

#include <stddef.h>
#include <stdint.h>

typedef struct nm_endpoint_info {
    const char *name;        /* "count_up" */
    const char *subject;     /* "lab.v1.count_up" */
    const char *queue_group; /* "q", or "" without */
    const natsmicro_metadata *metadata;
    size_t n_metadata;
    uint64_t num_requests;
    uint64_t num_errors;
    const char *last_error;   /* "NOT_FOUND:no such thing", "" without */
    uint64_t processing_time; /* ns, of all calls */
} nm_endpoint_info;

typedef struct nm_service_info {
    const char *name;
    const char *id;
    const char *version;
    const char *description;
    const natsmicro_metadata *metadata;
    size_t n_metadata;
    int64_t started; /* ns since 1970, UTC */
    const nm_endpoint_info *endpoints;
    size_t n_endpoints;
} nm_service_info;

/*
 * Each returns the JSON in one line, to be freed with free(), or NULL when memory is short. Fields
 * and types as NATS micro's ADR-32; strings may hold anything: what is no UTF-8 is replaced.
 */
char *nm_discovery_ping(const nm_service_info *service);
char *nm_discovery_info(const nm_service_info *service);
char *nm_discovery_stats(const nm_service_info *service);

#endif
