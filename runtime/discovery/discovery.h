/*
 * Discovery: the JSON by which a service answers $SRV.PING, INFO, STATS and SCHEMA. The server
 * subscribes and counts. Pure functions: any thread.
 */
#ifndef NM_DISCOVERY_DISCOVERY_H
#define NM_DISCOVERY_DISCOVERY_H

#include "base/bytes.h"
#include "natsmicro/server.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All strings below belong to the caller. */

typedef struct nm_endpoint_info {
    const char *name;        /* "count_up" */
    const char *subject;     /* "lab.v1.count_up" */
    const char *queue_group; /* "q"; "": none */
    const natsmicro_metadata *metadata;
    size_t n_metadata;
    uint64_t num_requests;
    uint64_t num_errors;
    const char *last_error;   /* "NOT_FOUND:no such thing"; "": none */
    uint64_t processing_time; /* ns, of all calls together */

    /* ---- for SCHEMA ---- */
    const char *method;      /* "lab.v1.Lab.CountUp" */
    const char *kind;        /* "server_stream" */
    nm_bytes request;        /* "lab.v1.CountUpRequest" */
    nm_bytes response;       /* "lab.v1.CountUpResponse" */
    const char *chunk_field; /* NULL: the method is not chunked */
    bool json;               /* messages travel as JSON */
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
    const char *set_sha256; /* of the service's descriptors, for SCHEMA; NULL: it has none */
    size_t set_size;        /* bytes of them */
} nm_service_info;

/*
 * Each returns the JSON in one line, which the caller frees with free(), or NULL if memory is
 * short. Fields and types follow ADR-32 of NATS, which has no SCHEMA. Strings may be anything:
 * bytes that are not UTF-8 are replaced.
 */
char *nm_discovery_ping(const nm_service_info *service);
char *nm_discovery_info(const nm_service_info *service);
char *nm_discovery_stats(const nm_service_info *service);
char *nm_discovery_schema(const nm_service_info *service);

#endif
