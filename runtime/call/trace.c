/*
 * Trace: how calls that a handler makes become parts of the trace that its own call is in, and
 * share its time. It takes a function of the user's to say so: a handler may make its calls in any
 * thread, so what a thread has served last does not tell which call they are for.
 */
#include "wire/trace.h"

#include "base/last_error.h"
#include "call/call.h"
#include "call/context.h"
#include "wire/names.h"
#include <stdlib.h>

/* ---- what is followed ---- */

static natsmicro_status check_trace(const char *traceparent, const char *tracestate,
                                    nm_error *error)
{
    if (!nm_traceparent_is_valid(traceparent))
        return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT,
                            "header \"traceparent\": \"%.80s\" is not valid", traceparent);
    return tracestate != NULL ? nm_header_check_named(NM_HEADER_TRACESTATE, tracestate, error)
                              : NATSMICRO_OK;
}

/* The address is the key of what was set for a call. */
static const char trace_key;

static void free_trace(void *trace)
{
    nm_headers_clear(trace);
    free(trace);
}

/* Attaches copies of both to the call. */
static bool attach(natsmicro_call *call, const char *traceparent, const char *tracestate)
{
    nm_headers *trace = calloc(1, sizeof(*trace));
    if (trace == NULL)
        return false;
    if (nm_headers_add(trace, NM_HEADER_TRACEPARENT, traceparent) &&
        (tracestate == NULL || nm_headers_add(trace, NM_HEADER_TRACESTATE, tracestate)) &&
        natsmicro_call_set_value(call, &trace_key, trace, free_trace) == NATSMICRO_OK)
        return true;
    free_trace(trace);
    return false;
}

natsmicro_status natsmicro_call_set_trace(natsmicro_call *call, const char *traceparent,
                                          const char *tracestate)
{
    if (call == NULL)
        return NM_REFUSE_NULL(call);
    nm_error error = NM_ERROR_INIT;
    natsmicro_status status = check_trace(traceparent, tracestate, &error);
    if (status == NATSMICRO_OK && !attach(call, traceparent, tracestate))
        status = nm_error_set(&error, NATSMICRO_RESOURCE_EXHAUSTED, "%s: no memory for the trace",
                              call->method->full_name);
    if (status == NATSMICRO_OK)
        return NATSMICRO_OK;
    nm_call_forget_send_error(call);
    call->send_error = error;
    return status;
}

/* ---- following ---- */

/* Copies the trace that was set for the call. False: no memory. *found: there is one. */
static bool copy_set_trace(natsmicro_call *call, nm_headers *to, bool *found)
{
    const nm_headers *trace = natsmicro_call_value(call, &trace_key);
    bool copied = true;
    *found = trace != NULL;
    for (size_t i = 0; *found && i < trace->count && copied; i++)
        copied = nm_headers_add(to, trace->items[i].name, trace->items[i].value);
    return copied;
}

/* A peer may send anything, so a state that could not be sent on is left out. */
static bool copy_states(natsmicro_call *call, nm_headers *to)
{
    const char *name;
    const char *value;
    for (size_t i = 0; nm_stream_header_at(call->stream, i, &name, &value); i++) {
        if (!nm_header_names_equal(name, NM_HEADER_TRACESTATE) ||
            nm_header_check_named(name, value, NULL) != NATSMICRO_OK)
            continue;
        if (!nm_headers_add(to, NM_HEADER_TRACESTATE, value))
            return false;
    }
    return true;
}

static bool follow_trace(natsmicro_call *call, nm_headers *to)
{
    nm_headers_remove(to, NM_HEADER_TRACEPARENT);
    nm_headers_remove(to, NM_HEADER_TRACESTATE);
    bool found;
    if (!copy_set_trace(call, to, &found))
        return false;
    const char *traceparent = nm_stream_header(call->stream, NM_HEADER_TRACEPARENT);
    if (found || traceparent == NULL || !nm_traceparent_is_valid(traceparent))
        return true;
    return nm_headers_add(to, NM_HEADER_TRACEPARENT, traceparent) && copy_states(call, to);
}

static void follow_deadline(natsmicro_context *context, natsmicro_call *call)
{
    int64_t left = natsmicro_call_remaining_ms(call);
    context->timeout_ms = left == 0 ? -1 : left < 0 ? 0 : left;
}

natsmicro_status natsmicro_context_follow(natsmicro_context *context, natsmicro_call *call,
                                          unsigned what)
{
    if (context == NULL)
        return NM_REFUSE_NULL(context);
    if (call == NULL)
        return NM_REFUSE_NULL(call);
    nm_error_clear(&context->error);
    if (!call->side->is_server)
        return nm_error_set(&context->error, NATSMICRO_FAILED_PRECONDITION,
                            "%s: only a call that is served can be followed",
                            call->method->full_name);
    if ((what & NATSMICRO_FOLLOW_DEADLINE) != 0)
        follow_deadline(context, call);
    if ((what & NATSMICRO_FOLLOW_TRACE) == 0 || follow_trace(call, &context->headers))
        return NATSMICRO_OK;
    return nm_error_set(&context->error, NATSMICRO_RESOURCE_EXHAUSTED,
                        "%s: no memory to follow the trace", call->method->full_name);
}
