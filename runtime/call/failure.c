/*
 * See failure.h.
 */
#include "call/failure.h"
#include "base/last_error.h"

/* Room for the other headers of an error that has data: its code, its text cut, the stream's. */
#define ERROR_HEADERS 512

/* ---- failing ---- */

/* Under the lock: whether a failure counts. */
static bool may_fail(const natsmicro_call *call)
{
    return !call->answered && !nm_call_has_failed(call);
}

/*
 * Under the lock: a failure is about to be set. Data of one that it replaces must not go with it.
 */
static void begin_failure(natsmicro_call *call)
{
    if (call->replaceable && !call->has_new_data)
        nm_error_set_data(&call->failure, NULL, 0);
    call->replaceable = false;
}

natsmicro_status nm_call_vfail(natsmicro_call *call, natsmicro_status status, const char *format,
                               va_list arguments)
{
    if (call == NULL)
        return NM_REFUSE_NULL(call);
    status = nm_as_failure(status);
    pthread_mutex_lock(&call->lock);
    if (may_fail(call)) {
        begin_failure(call);
        nm_error_vset(&call->failure, status, format, arguments);
    } else {
        status = NATSMICRO_FAILED_PRECONDITION;
    }
    pthread_mutex_unlock(&call->lock);
    return status;
}

natsmicro_status natsmicro_call_fail(natsmicro_call *call, natsmicro_status status,
                                     const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    status = nm_call_vfail(call, status, format, arguments);
    va_end(arguments);
    return status;
}

natsmicro_status natsmicro_stub_fail(natsmicro_call *call, const char *code, const char *format,
                                     va_list arguments)
{
    if (call == NULL)
        return NM_REFUSE_NULL(call);
    nm_error formatted = NM_ERROR_INIT;
    nm_error_vset(&formatted, NATSMICRO_SERVICE_ERROR, format, arguments);
    natsmicro_status status = NATSMICRO_SERVICE_ERROR;

    pthread_mutex_lock(&call->lock);
    if (may_fail(call)) {
        begin_failure(call);
        nm_error_set_code(&call->failure, code, formatted.text);
    } else {
        status = NATSMICRO_FAILED_PRECONDITION;
    }
    pthread_mutex_unlock(&call->lock);
    nm_error_clear(&formatted);
    return status;
}

natsmicro_status natsmicro_stub_unimplemented(natsmicro_call *call)
{
    return natsmicro_call_fail(call, NATSMICRO_UNIMPLEMENTED, "%s has no handler",
                               call->method->full_name);
}

natsmicro_status natsmicro_call_set_error_data(natsmicro_call *call, const void *data,
                                               size_t length)
{
    if (call == NULL)
        return NM_REFUSE_NULL(call);
    const char *method = call->method->full_name;
    size_t limit = nm_link_max_payload(call->link);
    if (length > limit || limit - length < ERROR_HEADERS) {
        nm_call_forget_send_error(call);
        return nm_error_set(&call->send_error, NATSMICRO_INVALID_ARGUMENT,
                            "%s: error data of %zu bytes and %d for headers are more than the "
                            "broker's max_payload of %zu",
                            method, length, ERROR_HEADERS, limit);
    }
    pthread_mutex_lock(&call->lock);
    bool copied = nm_error_set_data(&call->failure, data, length);
    call->has_new_data = copied;
    pthread_mutex_unlock(&call->lock);
    if (copied)
        return NATSMICRO_OK;
    nm_call_forget_send_error(call);
    return nm_error_set(&call->send_error, NATSMICRO_RESOURCE_EXHAUSTED,
                        "%s: no memory for error data of %zu bytes", method, length);
}

/* ---- the handler's return ---- */

/*
 * Under the lock: a failure that a handler returns. It passes on what its send or recv returned:
 * then the text is theirs.
 */
static void take_failure(natsmicro_call *call, natsmicro_status returned, const nm_error *ended)
{
    if (ended->status == returned)
        nm_error_copy_words(&call->failure, ended);
    else if (call->send_error.status == returned)
        nm_error_copy_words(&call->failure, &call->send_error);
    else if (returned == NATSMICRO_UNAVAILABLE && call->drain_told)
        nm_error_set(&call->failure, returned, "%s", NM_STOPPING_TEXT);
    else
        nm_error_set(&call->failure, returned, "%s", "");
}

/*
 * Under the lock: whether a return changes nothing. After a failure only another failure of an
 * interceptor outside does.
 */
static bool is_settled(const natsmicro_call *call, natsmicro_status returned)
{
    if (!may_fail(call))
        return true;
    return call->failure.status != NATSMICRO_OK &&
           (!nm_is_failure(returned) || returned == call->failure.status);
}

void nm_call_judge_return(natsmicro_call *call, natsmicro_status returned, natsmicro_status aborted,
                          const nm_error *ended)
{
    const char *method = call->method->full_name;
    if (is_settled(call, returned))
        return;
    begin_failure(call);
    if (returned == NATSMICRO_END) /* an interceptor says that the stream is complete without it */
        call->handled = true;
    bool skipped = returned == NATSMICRO_OK && call->method->chain.handles && !call->handled;
    if (nm_is_failure(returned))
        take_failure(call, returned, ended);
    else if (returned == NATSMICRO_WOULD_BLOCK)
        nm_error_set(&call->failure, NATSMICRO_INTERNAL, "%s: the handler returned WOULD_BLOCK",
                     method);
    else if (skipped)
        nm_error_set(&call->failure, NATSMICRO_INTERNAL,
                     "%s: an interceptor returned OK, but did not answer or run the rest", method);
    else if (!nm_service_streams(nm_call_kind(call)))
        nm_error_set(&call->failure, NATSMICRO_INTERNAL, "%s did not reply", method);
    else if (aborted != NATSMICRO_OK)
        nm_error_copy(&call->failure, ended); /* what it sent is not complete */
    else if (call->unsent)
        nm_error_set(&call->failure, NATSMICRO_FAILED_PRECONDITION,
                     "%s: a blob is not ended, or its writer not flushed", method);
}

/* ---- interceptors ---- */

/* Under the lock: what has failed inside is tried again. */
static void forget_failure(natsmicro_call *call)
{
    if (call->failure.status != NATSMICRO_OK && !nm_call_has_failed(call))
        nm_error_clear(&call->failure);
    call->replaceable = call->has_new_data = false;
}

bool nm_call_enter_handler(natsmicro_call *call)
{
    pthread_mutex_lock(&call->lock);
    bool may = !call->handled || (nm_call_kind(call) == NATSMICRO_UNARY && !call->answered &&
                                  !call->detached && !call->told);
    if (may) {
        forget_failure(call);
        call->handled = true;
        call->outside = call->method->chain.count;
    }
    pthread_mutex_unlock(&call->lock);
    return may;
}

void nm_call_enter_interceptor(natsmicro_call *call, size_t outside)
{
    pthread_mutex_lock(&call->lock);
    if (!call->detached) {
        forget_failure(call);
        call->outside = outside;
    }
    pthread_mutex_unlock(&call->lock);
}

natsmicro_status nm_call_leave_interceptor(natsmicro_call *call, natsmicro_status returned,
                                           size_t outside)
{
    natsmicro_status aborted = nm_stream_aborted(call->stream);
    const nm_error *ended = nm_stream_error(call->stream);
    natsmicro_status status = NATSMICRO_OK;
    pthread_mutex_lock(&call->lock);
    if (!call->detached) {
        nm_call_judge_return(call, returned, aborted, ended);
        call->replaceable = true;
        call->has_new_data = false;
        call->outside = outside;
        status = call->answered ? NATSMICRO_OK : call->failure.status;
    }
    pthread_mutex_unlock(&call->lock);
    return status;
}
