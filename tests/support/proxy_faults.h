/*
 * Faults: finds the messages in the bytes that come from the broker on one connection, and makes
 * the faults of proxy.h happen to them. No I/O.
 */
#ifndef SUPPORT_PROXY_FAULTS_H
#define SUPPORT_PROXY_FAULTS_H

#include "support/proxy.h"

#include <stddef.h>

/* A growing run of bytes. */
typedef struct byte_run {
    uint8_t *data;
    size_t length;
    size_t capacity;
} byte_run;

void byte_run_append(byte_run *run, const void *data, size_t length);
void byte_run_drop_front(byte_run *run, size_t length);
void byte_run_free(byte_run *run);

/* What all connections of a proxy share. The proxy guards it by a lock. */
typedef struct fault_plan {
    proxy_faults faults;
    uint64_t random;
    bool is_black_hole;
    proxy_counts counts;
} fault_plan;

typedef struct held_message {
    struct held_message *next;
    byte_run bytes;
    int64_t due_ms;
    bool until_next; /* comes after the next message, or when it is due */
} held_message;

/* The state of one connection. All zero at first. */
typedef struct fault_stream {
    byte_run incomplete; /* the beginning of a line or message that is not complete yet */
    held_message *held;
} fault_stream;

/* Takes bytes from the broker, and appends to `out` those that the client gets now. */
void fault_stream_take(fault_stream *stream, fault_plan *plan, const void *data, size_t length,
                       byte_run *out);

/* Appends the held messages that are due. Returns when the next one is, -1 if there is none. */
int64_t fault_stream_release(fault_stream *stream, fault_plan *plan, byte_run *out);

void fault_stream_free(fault_stream *stream, fault_plan *plan);

#endif
