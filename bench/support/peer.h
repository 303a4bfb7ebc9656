/*
 * Peer: the process that a bench talks to, with our service and its raw counterparts on connections
 * of their own, and how the bench connects to them. It is the bench's own program, run again.
 */
#ifndef BENCH_SUPPORT_PEER_H
#define BENCH_SUPPORT_PEER_H

#include "bench/v1/bench.nats-c.h"
#include "support/broker.h"

#include <nats/nats.h>

#include <stdint.h>
#include <sys/types.h>

/* Subjects of the raw counterparts. */
#define RAW_ECHO  "raw.echo"  /* a request: the same bytes come back */
#define RAW_COUNT "raw.count" /* "count size" with a reply: as many messages there */
#define RAW_SUM   "raw.sum"   /* numbered messages; their number goes to the End's reply */
#define RAW_BARE  "raw.bare"  /* as RAW_COUNT, messages without a header */
#define RAW_TAKE  "raw.take"  /* messages without a header, then an empty one; as RAW_SUM */
#define RAW_INBOX "raw.inbox"

/* The service's prefix on the connection that sends at once. */
#define ASAP_PREFIX "asap.bench.v1"

#define BLOCK_SIZE 1024

/* A message that takes longer is lost. */
#define RAW_TIMEOUT_MS 30000

/* A request header of Upload: the file to store the blob in, instead of nowhere. */
#define HEADER_STORE_AT "Store-At"

/* The largest message that the raw peer sends. */
#define LARGEST_RAW (1024 * 1024)

typedef struct peer {
    broker *where;
    pid_t pid;
} peer;

/* How a connection sends: as nats.c does by default, or every publish at once. */
typedef enum sending { SEND_BUFFERED, SEND_ASAP } sending;

/*
 * The first line of a bench's main: in the peer's process it serves and never returns. Another
 * mode is left to the program.
 */
void peer_main(int argc, char **argv);

/* Starts a broker and the peer; returns when it serves. */
void peer_start(peer *self);
void peer_stop(peer *self);

/* The most memory a process ever had, in MiB. */
double peak_of(pid_t pid);

/* Starts this program once more; *out reads what it prints. */
pid_t run_self(char *const arguments[], int *out);

/* Reads one line of another process into `line`. */
void read_line(int from, char *line, size_t size);

natsConnection *connect_raw(const char *url, sending how);
natsConnection *connect_ours(const char *url, sending how);

/* How a client's streams travel: as every implementation's, or reliably. */
typedef enum streaming { PLAIN_STREAMS, RELIABLE_STREAMS } streaming;

/* A client whose queues are as good as endless: plain streams have no flow control. */
Bench__V1__BenchClient *new_client(natsConnection *connection, const char *prefix,
                                   streaming streams);

/* Ends the program unless a call of ours ended with END and travelled as it was to. */
void need_end(natsmicro_status status, natsmicro_call *call, streaming streams);

/* A synchronous subscription without limits, known to the broker when it returns. */
natsSubscription *subscribe_raw(natsConnection *connection, const char *subject);

/* Publishes `count` messages with one header, their number, then an end that has none. */
void publish_raw(natsConnection *connection, const char *subject, const void *data, int length,
                 int32_t count, const char *end_reply);

/* The same without headers; the end is an empty message. */
void publish_bare(natsConnection *connection, const char *subject, const void *data, int length,
                  int32_t count, const char *end_reply);

/* Reads messages without headers up to the empty one; as read_raw. */
int32_t read_bare(natsSubscription *subscription, int64_t first_ms, natsMsg **end);

/*
 * Reads numbered messages up to the end: their number, or -1 when one was missing. The first one
 * may take `first_ms`, each other RAW_TIMEOUT_MS. `end` may be NULL, else it gets the end, to
 * destroy.
 */
int32_t read_raw(natsSubscription *subscription, int64_t first_ms, natsMsg **end);

/* Sends so many bytes of memory; `rate` is bytes a second, 0 as fast as they go. */
natsmicro_status send_blob(natsmicro_call *call, int64_t size, size_t chunk_size, int64_t rate);

/* Receives a blob to nowhere; *size gets its bytes. */
natsmicro_status discard_blob(natsmicro_call *call, int64_t *size);

#endif
