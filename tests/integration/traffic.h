/*
 * Traffic: one stream that goes on until it is told to stop, while a test breaks what is below it.
 * Everything that is sent says where it belongs, and both sides count it and take a digest: so what
 * is lost, repeated or out of order is seen, and where.
 *
 * A service has the handlers of all kinds of traffic, with a traffic_lanes as their user_data: the
 * two sides are in one process, so that a service's side can be told to stop, too.
 */
#ifndef INTEGRATION_TRAFFIC_H
#define INTEGRATION_TRAFFIC_H

#include "integration/lab_service.h"

typedef enum traffic_kind {
    TRAFFIC_UPLOAD,   /* a blob to the service */
    TRAFFIC_DOWNLOAD, /* a blob from it */
    TRAFFIC_SUM,      /* small messages to the service */
    TRAFFIC_COUNT,    /* small messages from it */
    TRAFFIC_KINDS
} traffic_kind;

/* One end of a stream. */
typedef struct traffic_end {
    atomic_ullong amount; /* bytes of a blob, or messages */
    uint64_t digest;
    bool is_broken; /* something came that is not what had to come */
} traffic_end;

typedef struct traffic {
    traffic_kind kind;
    Lab__V1__LabClient *client;
    atomic_bool is_running;
    atomic_bool stop;
    traffic_end sent;
    traffic_end received;
    natsmicro_status status;         /* what the caller's side ended with; OK: a regular end */
    char text[256];                  /* and why */
    natsmicro_status service_status; /* the same of the handler */
    bool is_reliable;
    uint64_t retransmitted;
    latch handled; /* the handler has returned */
    latch done;
    pthread_t thread;
} traffic;

/* One of each kind, for the handlers. */
typedef struct traffic_lanes {
    traffic lanes[TRAFFIC_KINDS];
} traffic_lanes;

extern const Lab__V1__LabHandlers traffic_handlers;

void traffic_init(traffic_lanes *self);
void traffic_destroy(traffic_lanes *self);

/* Starts the stream of this kind, in a thread of its own. */
void traffic_start(traffic_lanes *self, traffic_kind kind, Lab__V1__LabClient *client);

/* Starts all kinds. */
void traffic_start_all(traffic_lanes *self, Lab__V1__LabClient *client);

/*
 * Waits until the streams that run have received much more than now: more than lay anywhere on the
 * way. The test fails if one ends, or if that takes longer than `timeout_ms`.
 */
void traffic_wait_for_more(traffic_lanes *self, int64_t timeout_ms);

/* Waits until the senders of the streams that run all wait for their windows, in an outage. */
void traffic_wait_until_held_up(traffic_lanes *self, int64_t timeout_ms);

/* Ends the streams that run, and checks that each ended regularly and that all came, once. */
void traffic_stop(traffic_lanes *self);

/* Waits until the stream has ended by itself, and returns its status. */
natsmicro_status traffic_wait_for_end(traffic *self, int64_t timeout_ms);

/* The windows of streams with traffic are this large, so that a test has not to wait for much. */
#define TRAFFIC_WINDOW_BYTES    (256 * 1024)
#define TRAFFIC_WINDOW_MESSAGES 2048

#endif
