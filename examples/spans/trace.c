/*
 * See trace.h.
 */
#include "trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- spans ---- */

typedef struct span {
    char trace[33]; /* hexadecimal, as are the next two */
    char id[17];
    char parent[17]; /* "": it is the first of its trace */
} span;

/* The address is the key under which a call has its span. */
static const char span_key;

/* Fills `digits` with so many hexadecimal digits, not all of them 0. False: no randomness. */
static bool make_id(char *digits, size_t count)
{
    FILE *random = fopen("/dev/urandom", "rb");
    if (random == NULL)
        return false;
    unsigned char bytes[16];
    size_t there = fread(bytes, 1, count / 2, random);
    fclose(random);
    bytes[0] |= 1;
    for (size_t i = 0; i < count / 2; i++)
        sprintf(digits + 2 * i, "%02x", bytes[i]);
    return there == count / 2;
}

/*
 * Makes a span below the one of a traceparent. NULL, or one of another version than 00: it begins a
 * trace.
 */
static bool make_span(span *made, const char *traceparent)
{
    memset(made, 0, sizeof(*made));
    if (!make_id(made->id, 16))
        return false;
    if (traceparent == NULL ||
        sscanf(traceparent, "00-%32[0-9a-f]-%16[0-9a-f]-", made->trace, made->parent) != 2 ||
        strlen(made->trace) != 32 || strlen(made->parent) != 16) {
        made->parent[0] = '\0';
        return make_id(made->trace, 32);
    }
    return true;
}

/* Large enough for the header's value. */
typedef struct traceparent {
    char value[64];
} traceparent;

static traceparent traceparent_of(const span *self)
{
    traceparent made;
    snprintf(made.value, sizeof(made.value), "00-%s-%s-01", self->trace, self->id);
    return made;
}

/* Makes the call's span, and attaches it. NULL: there is none; the call goes on all the same. */
static const span *begin(natsmicro_call *call, const char *above)
{
    span *made = malloc(sizeof(*made));
    if (made != NULL && make_span(made, above) &&
        natsmicro_call_set_value(call, &span_key, made, free) == NATSMICRO_OK)
        return made;
    free(made);
    return NULL;
}

/* In one write, as other processes may print to the same terminal. */
static void print_span(natsmicro_call *call, natsmicro_status status, int64_t duration_ns,
                       void *side)
{
    const span *self = natsmicro_call_value(call, &span_key);
    if (self == NULL)
        return;
    printf("trace %s span %s parent %s %s %s %s %.3f ms\n", self->trace, self->id,
           self->parent[0] != '\0' ? self->parent : "-", (const char *)side,
           natsmicro_call_method(call), natsmicro_status_name(status), (double)duration_ns / 1e6);
    fflush(stdout);
}

/* ---- the interceptors ---- */

static natsmicro_status around_call(natsmicro_call *call, const ProtobufCMessage *request,
                                    ProtobufCMessage **response, natsmicro_next *next, void *side)
{
    (void)side;
    const span *made = begin(call, natsmicro_call_own_header(call, "traceparent"));
    natsmicro_status status = NATSMICRO_OK;
    if (made != NULL)
        status = natsmicro_call_set_header(call, "traceparent", traceparent_of(made).value);
    return status == NATSMICRO_OK ? natsmicro_next_call(next, request, response) : status;
}

static natsmicro_status around_handler(natsmicro_call *call, const ProtobufCMessage *request,
                                       natsmicro_next *next, void *side)
{
    (void)side;
    const span *made = begin(call, natsmicro_call_header(call, "traceparent"));
    natsmicro_status status = NATSMICRO_OK;
    if (made != NULL)
        status = natsmicro_call_set_trace(call, traceparent_of(made).value,
                                          natsmicro_call_header(call, "tracestate"));
    return status == NATSMICRO_OK ? natsmicro_next_run(next, request) : status;
}

static char client_side[] = "client";
static char server_side[] = "server";

const natsmicro_interceptor trace_of_client = {
    .size = sizeof(natsmicro_interceptor),
    .user_data = client_side,
    .call = around_call,
    .after = print_span,
};

const natsmicro_interceptor trace_of_server = {
    .size = sizeof(natsmicro_interceptor),
    .user_data = server_side,
    .handle = around_handler,
    .after = print_span,
};
