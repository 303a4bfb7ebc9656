/*
 * Peer: the second process of a bench. It is the bench's own program, run again, and has our
 * service and its raw counterparts, each on a connection of its own. Also, how a bench connects to
 * it.
 */
#ifndef BENCH_SUPPORT_PEER_H
#define BENCH_SUPPORT_PEER_H

#include "bench/v1/bench.nats-c.h"
#include "support/broker.h"

#include <nats/nats.h>

#include <stdint.h>
#include <sys/types.h>

/* Subjects of the raw counterparts, and what they do with a message. */
#define RAW_ECHO  "raw.echo"  /* answers a request with the same bytes */
#define RAW_COUNT "raw.count" /* answers "count size" with so many numbered messages */
#define RAW_SUM   "raw.sum"   /* counts numbered messages; answers the end with their number */
#define RAW_BARE  "raw.bare"  /* as RAW_COUNT, but the messages have no header */
#define RAW_TAKE  "raw.take"  /* as RAW_SUM, but without headers; an empty message is the end */
#define RAW_INBOX "raw.inbox"

/* The prefix of the service whose connection has SendAsap. */
#define ASAP_PREFIX "asap.bench.v1"

#define BLOCK_SIZE 1024

/* A message that takes longer counts as lost. */
#define RAW_TIMEOUT_MS 30000

/* A request header of Upload: the path of a file to store the blob in. Default: nowhere. */
#define HEADER_STORE_AT "Store-At"

/* The largest message that the raw peer sends. */
#define LARGEST_RAW (1024 * 1024)

typedef struct peer {
    broker *where;
    pid_t pid;
} peer;

/* How a connection sends: buffered, which is the default of nats.c, or each publish at once. */
typedef enum sending { SEND_BUFFERED, SEND_ASAP } sending;

/*
 * Must be the first call in a bench's main. In the peer's process it serves and never returns; else
 * it returns at once.
 */
void peer_main(int argc, char **argv);

/* Starts a broker and the peer, and returns when the peer serves. */
void peer_start(peer *self);
void peer_stop(peer *self);

/* Returns the most memory that a process has ever had, in MiB. */
double peak_of(pid_t pid);

/* Starts this program once more. *out is a descriptor to read what it prints. */
pid_t run_self(char *const arguments[], int *out);

/* Reads one line that another process printed. */
void read_line(int from, char *line, size_t size);

natsConnection *connect_raw(const char *url, sending how);
natsConnection *connect_ours(const char *url, sending how);

/* Which streams a client makes. */
typedef enum streaming { PLAIN_STREAMS, RELIABLE_STREAMS } streaming;

/* Makes a client whose queues have no limit, because plain streams have no flow control. */
Bench__V1__BenchClient *new_client(natsConnection *connection, const char *prefix,
                                   streaming streams);

/* Ends the program unless a call ended with END, over the kind of stream that was asked for. */
void need_end(natsmicro_status status, natsmicro_call *call, streaming streams);

/* Makes a synchronous subscription without limits; the broker knows it when this returns. */
natsSubscription *subscribe_raw(natsConnection *connection, const char *subject);

/* Publishes `count` messages with one header, their number, and then an end without a number. */
void publish_raw(natsConnection *connection, const char *subject, const void *data, int length,
                 int32_t count, const char *end_reply);

/* Does the same without headers; the end is an empty message. */
void publish_bare(natsConnection *connection, const char *subject, const void *data, int length,
                  int32_t count, const char *end_reply);

/* Does what read_raw does, for messages without headers, up to the empty one. */
int32_t read_bare(natsSubscription *subscription, int64_t first_ms, natsMsg **end);

/*
 * Reads numbered messages up to the end. Returns how many they are, or -1 when one is missing.
 * Waits `first_ms` for the first one, and RAW_TIMEOUT_MS for each other. If `end` is not NULL, *end
 * is the end's message, which the caller destroys.
 */
int32_t read_raw(natsSubscription *subscription, int64_t first_ms, natsMsg **end);

/* Sends `size` bytes of memory. `rate` is in bytes a second; 0: as fast as possible. */
natsmicro_status send_blob(natsmicro_call *call, int64_t size, size_t chunk_size, int64_t rate);

/* Receives a blob, drops it, and puts its size into *size. */
natsmicro_status discard_blob(natsmicro_call *call, int64_t *size);

#endif
