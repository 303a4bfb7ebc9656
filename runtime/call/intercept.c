/*
 * See intercept.h. An interceptor holds a `natsmicro_next`, the rest of the chain, which is on the
 * stack of what runs it. No lock is held while one runs.
 */
#include "call/intercept.h"

#include "base/last_error.h"
#include "call/failure.h"
#include "codec/field.h"

/* What the interceptors are around. */
typedef enum nm_role { IN_CALL, IN_OPEN, IN_HANDLE, IN_SEND, IN_RECV } nm_role;

/* One run of a chain, from its first interceptor to its end. */
typedef struct nm_run {
    natsmicro_call *call;
    nm_role role;
    union {
        nm_with_message with_message;
        nm_receiving receiving;
        nm_calling calling;
    } end;
    const ProtobufCMessage *given;
    bool reached;           /* the end has run */
    natsmicro_status ended; /* what it returned last */
} nm_run;

struct natsmicro_next {
    nm_run *run;
    size_t left;    /* of the chain's interceptors; those among them without the role are skipped */
    size_t outside; /* of the interceptor that holds this: how many are outside it */
    int64_t timeout_ms;
};

/* ---- the steps of a chain ---- */

static bool has_role(const natsmicro_interceptor *interceptor, nm_role role)
{
    switch (role) {
    case IN_CALL:
        return interceptor->call != NULL;
    case IN_OPEN:
        return interceptor->open != NULL;
    case IN_HANDLE:
        return interceptor->handle != NULL;
    case IN_SEND:
        return interceptor->send != NULL;
    default:
        return interceptor->recv != NULL;
    }
}

/* A handler's messages pass from the innermost interceptor outwards, all else inwards. */
static size_t index_of(const nm_run *run, size_t left)
{
    bool outwards = run->call->side->is_server && run->role != IN_HANDLE;
    return outwards ? left - 1 : run->call->method->chain.count - left;
}

/* The next interceptor, and what is left after it; NULL: the end is next. */
static const natsmicro_interceptor *step(const natsmicro_next *next, natsmicro_next *rest)
{
    nm_run *run = next->run;
    for (size_t left = next->left; left > 0; left--) {
        size_t index = index_of(run, left);
        const natsmicro_interceptor *interceptor = &run->call->method->chain.items[index];
        *rest = (natsmicro_next){.run = run, .left = left - 1, .outside = index};
        if (has_role(interceptor, run->role))
            return interceptor;
    }
    return NULL;
}

natsmicro_status nm_check_type(natsmicro_call *call, const nm_form *form,
                               const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *wanted = nm_form_type(form);
    if (message != NULL && message->descriptor == wanted)
        return NATSMICRO_OK;
    nm_call_forget_send_error(call);
    return nm_error_set(
        &call->send_error, NATSMICRO_INTERNAL,
        "%s: an interceptor has passed on a %s in place of a %s", call->method->full_name,
        message != NULL && message->descriptor != NULL ? nm_type_name(message->descriptor) : "NULL",
        nm_type_name(wanted));
}

/* The message that an interceptor has passed on to the end, unless it is the one it was given. */
static natsmicro_status check_passed(const nm_run *run, const nm_form *form,
                                     const ProtobufCMessage *message)
{
    return message == run->given ? NATSMICRO_OK : nm_check_type(run->call, form, message);
}

/* The end of a chain around a message, which is of the form's type. */
static natsmicro_status run_end(const nm_run *run, const nm_form *form,
                                const ProtobufCMessage *message)
{
    natsmicro_status status = check_passed(run, form, message);
    return status == NATSMICRO_OK ? run->end.with_message(run->call, message) : status;
}

static natsmicro_status wrong_function(natsmicro_call *call)
{
    return nm_error_set(&call->send_error, NATSMICRO_INTERNAL,
                        "%s: an interceptor has run the rest by the function of another kind",
                        call->method->full_name);
}

/* ---- around the opening of a stream ---- */

static natsmicro_status open_stream(nm_run *run, const ProtobufCMessage *request)
{
    natsmicro_call *call = run->call;
    if (run->reached)
        return nm_error_set(&call->send_error, NATSMICRO_FAILED_PRECONDITION,
                            "%s: an interceptor has opened the stream before",
                            call->method->full_name);
    natsmicro_status status = check_passed(run, &call->method->request, request);
    if (status != NATSMICRO_OK)
        return status;
    run->reached = true;
    return run->end.with_message(call, request);
}

/* ---- around a handler ---- */

static natsmicro_status run_handle(const natsmicro_next *next, natsmicro_next *rest,
                                   const natsmicro_interceptor *interceptor,
                                   const ProtobufCMessage *request)
{
    natsmicro_call *call = next->run->call;
    natsmicro_status status;
    if (interceptor != NULL) {
        nm_call_enter_interceptor(call, rest->outside);
        status = interceptor->handle(call, request, rest, interceptor->user_data);
    } else if (nm_call_enter_handler(call)) {
        status = run_end(next->run, &call->method->request, request);
    } else {
        return nm_error_set(&call->send_error, NATSMICRO_FAILED_PRECONDITION,
                            "%s: the handler has run, and may not run again",
                            call->method->full_name);
    }
    return nm_call_leave_interceptor(call, status, next->outside);
}

/* ---- the rest of a chain around a message ---- */

natsmicro_status natsmicro_next_run(natsmicro_next *next, const ProtobufCMessage *message)
{
    if (next == NULL)
        return NM_REFUSE_NULL(next);
    nm_run *run = next->run;
    natsmicro_call *call = run->call;
    natsmicro_next rest;
    const natsmicro_interceptor *interceptor = step(next, &rest);
    switch (run->role) {
    case IN_OPEN:
        return interceptor != NULL ? interceptor->open(call, message, &rest, interceptor->user_data)
                                   : open_stream(run, message);
    case IN_HANDLE:
        return run_handle(next, &rest, interceptor, message);
    case IN_SEND:
        return interceptor != NULL ? interceptor->send(call, message, &rest, interceptor->user_data)
                                   : run_end(run, nm_call_form_out(call), message);
    default:
        return wrong_function(call);
    }
}

/* ---- around a unary call ---- */

void natsmicro_next_set_timeout(natsmicro_next *next, int64_t timeout_ms)
{
    if (next == NULL)
        return;
    next->timeout_ms = timeout_ms;
}

/* Gives an error that an interceptor returned a text, if it came without one. */
static void explain(natsmicro_call *call, natsmicro_status status)
{
    if (nm_call_shown_error(call)->status == status)
        return;
    pthread_mutex_lock(&call->lock);
    if (call->send_error.status == status) /* of a header that could not be set */
        nm_error_copy_words(&call->failure, &call->send_error);
    else
        nm_error_set(&call->failure, status, "%s: refused by an interceptor of the client",
                     call->method->full_name);
    pthread_mutex_unlock(&call->lock);
}

/* Checks what came as a response, which must be one exactly when the status is OK. */
static natsmicro_status take_response(natsmicro_call *call, natsmicro_status status,
                                      ProtobufCMessage **response)
{
    if (status == NATSMICRO_OK && *response == NULL)
        status = nm_error_set(&call->send_error, NATSMICRO_INTERNAL,
                              "%s: an interceptor returned OK without a response",
                              call->method->full_name);
    else if (status == NATSMICRO_OK)
        status = nm_check_type(call, &call->method->response, *response);
    if (status != NATSMICRO_OK) {
        if (*response != NULL)
            protobuf_c_message_free_unpacked(*response, NULL);
        *response = NULL;
        status = nm_as_failure(status);
        explain(call, status);
    }
    pthread_mutex_lock(&call->lock);
    if (status == NATSMICRO_OK)
        nm_error_clear(&call->failure);
    call->replaceable = true;
    pthread_mutex_unlock(&call->lock);
    return status;
}

natsmicro_status natsmicro_next_call(natsmicro_next *next, const ProtobufCMessage *request,
                                     ProtobufCMessage **response)
{
    if (response == NULL)
        return NM_REFUSE_NULL(response);
    *response = NULL;
    if (next == NULL)
        return NM_REFUSE_NULL(next);
    nm_run *run = next->run;
    natsmicro_call *call = run->call;
    if (run->role != IN_CALL)
        return NATSMICRO_INTERNAL;
    int64_t before = 0;
    if (next->timeout_ms > 0)
        before = nm_stream_hasten_opening(call->stream, nm_deadline_in(next->timeout_ms));
    natsmicro_next rest;
    const natsmicro_interceptor *interceptor = step(next, &rest);
    natsmicro_status status = NATSMICRO_OK;
    if (interceptor != NULL)
        status = interceptor->call(call, request, response, &rest, interceptor->user_data);
    else
        status = check_passed(run, &call->method->request, request);
    if (interceptor == NULL && status == NATSMICRO_OK)
        status = run->end.calling(call, request, response);
    if (next->timeout_ms > 0)
        nm_stream_set_opening(call->stream, before);
    return take_response(call, status, response);
}

/* ---- around a message that is received ---- */

natsmicro_status natsmicro_next_recv(natsmicro_next *next, const ProtobufCMessage **message)
{
    if (message == NULL)
        return NM_REFUSE_NULL(message);
    *message = NULL;
    if (next == NULL)
        return NM_REFUSE_NULL(next);
    nm_run *run = next->run;
    if (run->role != IN_RECV)
        return NATSMICRO_INTERNAL;
    natsmicro_next rest;
    const natsmicro_interceptor *interceptor = step(next, &rest);
    if (interceptor != NULL)
        return interceptor->recv(run->call, message, &rest, interceptor->user_data);
    run->ended = run->end.receiving(run->call, message);
    return run->ended;
}

/* ---- whole chains ---- */

natsmicro_status nm_intercept_call(natsmicro_call *call, const ProtobufCMessage *request,
                                   ProtobufCMessage **response, nm_calling end)
{
    nm_run run = {.call = call, .role = IN_CALL, .end.calling = end, .given = request};
    natsmicro_next next = {.run = &run, .left = call->method->chain.count};
    return natsmicro_next_call(&next, request, response);
}

natsmicro_status nm_intercept_open(natsmicro_call *call, const ProtobufCMessage *request,
                                   nm_with_message end)
{
    nm_run run = {.call = call, .role = IN_OPEN, .end.with_message = end, .given = request};
    natsmicro_next next = {.run = &run, .left = call->method->chain.count};
    natsmicro_status status = natsmicro_next_run(&next, request);
    if (status == NATSMICRO_OK && !run.reached)
        status = nm_error_set(&call->send_error, NATSMICRO_INTERNAL,
                              "%s: an interceptor returned OK, but did not run the rest",
                              call->method->full_name);
    if (status == NATSMICRO_OK)
        return NATSMICRO_OK;
    status = nm_as_failure(status);
    explain(call, status);
    return status;
}

natsmicro_status nm_intercept_handle(natsmicro_call *call, const ProtobufCMessage *request,
                                     nm_with_message end)
{
    nm_run run = {.call = call, .role = IN_HANDLE, .end.with_message = end, .given = request};
    natsmicro_next next = {.run = &run, .left = call->method->chain.count};
    return natsmicro_next_run(&next, request);
}

/* How many interceptors a message passes: on a server those outside of what sends or receives. */
static size_t count_outside(natsmicro_call *call)
{
    if (!call->side->is_server)
        return atomic_load(&call->settings->silent) ? 0 : call->method->chain.count;
    pthread_mutex_lock(&call->lock);
    size_t outside = call->outside;
    pthread_mutex_unlock(&call->lock);
    return outside;
}

natsmicro_status nm_intercept_send(natsmicro_call *call, const ProtobufCMessage *message,
                                   nm_with_message end)
{
    nm_run run = {.call = call, .role = IN_SEND, .end.with_message = end, .given = message};
    natsmicro_next next = {.run = &run, .left = count_outside(call)};
    if (message == NULL)
        return end(call, message); /* which says so */
    natsmicro_status status = natsmicro_next_run(&next, message);
    if (!nm_is_failure(status) || nm_call_shown_error(call)->status == status)
        return status;
    nm_call_forget_send_error(call);
    return nm_error_set(&call->send_error, status, "%s: an interceptor refused the message",
                        call->method->full_name);
}

/* Of the type that this side receives, or an error that ends the call. */
static natsmicro_status check_received(natsmicro_call *call, const ProtobufCMessage *message)
{
    const nm_form *form = nm_call_form_in(call);
    if (message != NULL && message->descriptor == nm_form_type(form))
        return NATSMICRO_OK;
    return nm_call_give_up(call, NATSMICRO_INTERNAL,
                           "%s: an interceptor returned OK without a message of type %s",
                           call->method->full_name, nm_type_name(nm_form_type(form)));
}

natsmicro_status nm_intercept_recv(natsmicro_call *call, const ProtobufCMessage **message,
                                   nm_receiving end)
{
    nm_run run = {.call = call, .role = IN_RECV, .end.receiving = end};
    natsmicro_next next = {.run = &run, .left = count_outside(call)};
    natsmicro_status status = natsmicro_next_recv(&next, message);
    if (status == NATSMICRO_OK)
        status = check_received(call, *message);
    else if (status != run.ended)
        status = nm_call_give_up(call, status, "%s: an interceptor refused a message",
                                 call->method->full_name);
    if (status != NATSMICRO_OK)
        *message = NULL;
    return status;
}
