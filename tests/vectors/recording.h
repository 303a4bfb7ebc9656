/*
 * Recording: one recorded call, read from golden/<caller>_to_<service>/<scenario>.json. Who sent
 * which message follows from the subjects; nothing here knows what is right.
 */
#ifndef VECTORS_RECORDING_H
#define VECTORS_RECORDING_H

#include "vectors/message.h"

#define RECORDING_MESSAGES 24

typedef enum recording_kind {
    RECORDED_NOTHING = 0, /* the recorded caller failed before it sent anything */
    RECORDED_UNARY,
    RECORDED_SERVER_STREAM,
    RECORDED_CLIENT_STREAM,
    RECORDED_BIDI,
    RECORDED_DISCOVERY,
    RECORDED_OTHER /* a subject that nobody serves */
} recording_kind;

typedef struct recorded_call {
    char caller[16];
    char service[16];
    char scenario[80];
    char name[128]; /* "go_to_go/sum_3" */
    recording_kind kind;
    wire_message messages[RECORDING_MESSAGES];
    size_t count;
    const void *document; /* owns the texts */
} recorded_call;

/* Reads them all, in the order of their names; *count gets their number. */
recorded_call **recording_read_all(size_t *count);
void recording_free_all(recorded_call **all, size_t count);

/* The recording of that name, or NULL. */
const recorded_call *recording_named(recorded_call *const *all, size_t count, const char *name);

/* Puts a copy of the message before the index-th; the new one. */
wire_message *recording_insert(recorded_call *self, size_t index, const wire_message *message);
void recording_remove(recorded_call *self, size_t index);

/* Whether it is a call of the service whose messages travel as JSON. */
bool recording_is_json(const recorded_call *self);

/* The bytes that a text of hexadecimal digits says. free() them. */
uint8_t *recording_from_hex(const char *hex, size_t *length);

/* The kind of call of a subject, "lab.v1.sum". */
recording_kind recording_kind_of(const char *subject);

#endif
