/*
 * What the proxy does with the bytes of one connection that come from the broker: finds the
 * messages in them and lets them meet faults. No I/O; see proxy.h for what the faults are.
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

/* All connections of a proxy share what is in here; the proxy guards it. */
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
    bool until_next; /* comes behind the next message, or when it is due */
} held_message;

/* One connection's. All zero at first. */
typedef struct fault_stream {
    byte_run incomplete; /* what came and is no whole line or message yet */
    held_message *held;
} fault_stream;

/* Takes what came from the broker; appends what the client is to get now to `out`. */
void fault_stream_take(fault_stream *stream, fault_plan *plan, const void *data, size_t length,
                       byte_run *out);

/* Appends held messages that are due; returns when the next one is, -1: never. */
int64_t fault_stream_release(fault_stream *stream, fault_plan *plan, byte_run *out);

void fault_stream_free(fault_stream *stream, fault_plan *plan);

#endif
