/*
 * See answer.h.
 */
#include "call/answer.h"

/* Room for the other headers of an error that has data: its code, its text cut, the stream's. */
#define ERROR_HEADERS 512

/* ---- replying ---- */

/* Claims the one answer: OK for the first who asks, while the call has neither failed nor ended. */
static natsmicro_status claim_answer(natsmicro_call *call)
{
    nm_error *error = &call->send_error;
    natsmicro_status aborted = nm_stream_aborted(call->stream);
    pthread_mutex_lock(&call->lock);
    bool answered = call->answered;
    bool failed = call->failure.status != NATSMICRO_OK;
    if (aborted == NATSMICRO_OK && !failed)
        call->answered = true;
    pthread_mutex_unlock(&call->lock);
    if (answered)
        return nm_error_set(error, NATSMICRO_FAILED_PRECONDITION, "%s: the call has been answered",
                            call->method->full_name);
    if (aborted != NATSMICRO_OK) {
        nm_error_copy(error, nm_stream_error(call->stream));
        return aborted;
    }
    if (failed)
        return nm_error_set(error, NATSMICRO_FAILED_PRECONDITION, "%s: the call has failed",
                            call->method->full_name);
    return NATSMICRO_OK;
}

natsmicro_status natsmicro_stub_reply(natsmicro_call *call, const void *response)
{
    nm_error_clear(&call->send_error);
    natsmicro_status status =
        nm_encode_by_plan(call->method->response, response, &call->encoded, &call->send_error);
    if (status == NATSMICRO_OK)
        status = claim_answer(call);
    if (status != NATSMICRO_OK)
        return status;
    status =
        nm_stream_answer(call->stream, call->encoded.data, call->encoded.length, &call->send_error);
    if (status == NATSMICRO_RESOURCE_EXHAUSTED) {
        /* Too large: nothing has gone out, so the caller can still be told. */
        pthread_mutex_lock(&call->lock);
        call->answered = false;
        pthread_mutex_unlock(&call->lock);
        return status;
    }
    nm_call_flush(call, NM_NEVER);
    return status;
}

/* ---- failing ---- */

/* Whether the handler's failure still counts. Under the lock. */
static bool may_fail(const natsmicro_call *call)
{
    return !call->answered && call->failure.status == NATSMICRO_OK;
}

natsmicro_status natsmicro_call_fail(natsmicro_call *call, natsmicro_status status,
                                     const char *format, ...)
{
    status = nm_as_failure(status);
    va_list arguments;
    va_start(arguments, format);
    pthread_mutex_lock(&call->lock);
    if (may_fail(call))
        nm_error_vset(&call->failure, status, format, arguments);
    else
        status = NATSMICRO_FAILED_PRECONDITION;
    pthread_mutex_unlock(&call->lock);
    va_end(arguments);
    return status;
}

natsmicro_status natsmicro_stub_fail(natsmicro_call *call, const char *code, const char *format,
                                     va_list arguments)
{
    nm_error formatted = NM_ERROR_INIT;
    nm_error_vset(&formatted, NATSMICRO_SERVICE_ERROR, format, arguments);
    natsmicro_status status = NATSMICRO_SERVICE_ERROR;

    pthread_mutex_lock(&call->lock);
    if (may_fail(call))
        nm_error_set_code(&call->failure, code, formatted.text);
    else
        status = NATSMICRO_FAILED_PRECONDITION;
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

/* Under the lock: turns a handler's return into the call's failure, where it is one. */
static void judge_return(natsmicro_call *call, natsmicro_status returned, natsmicro_status aborted,
                         const nm_error *ended)
{
    const char *method = call->method->full_name;
    if (!may_fail(call))
        return;
    if (nm_is_failure(returned))
        take_failure(call, returned, ended);
    else if (returned == NATSMICRO_WOULD_BLOCK)
        nm_error_set(&call->failure, NATSMICRO_INTERNAL, "%s: the handler returned WOULD_BLOCK",
                     method);
    else if (!nm_service_streams(nm_call_kind(call)))
        nm_error_set(&call->failure, NATSMICRO_INTERNAL, "%s did not reply", method);
    else if (aborted != NATSMICRO_OK)
        nm_error_copy(&call->failure, ended); /* what it sent is not complete */
    else if (call->unsent)
        nm_error_set(&call->failure, NATSMICRO_FAILED_PRECONDITION,
                     "%s: a blob is not ended, or its writer not flushed", method);
}

/* `has_returned`: the handler; else a detached call is finished. */
static bool complete(natsmicro_call *call, natsmicro_status status, bool has_returned,
                     nm_error *outcome)
{
    natsmicro_status aborted = nm_stream_aborted(call->stream);
    const nm_error *ended = nm_stream_error(call->stream);
    pthread_mutex_lock(&call->lock);
    if (has_returned)
        call->in_handler = false;
    bool ends = has_returned != call->detached;
    if (ends) {
        judge_return(call, status, aborted, ended);
        nm_error_copy(outcome, &call->failure);
        nm_error_drop_hidden(outcome); /* the caller is told, and who asks for the statistics */
    }
    pthread_mutex_unlock(&call->lock);
    if (!ends)
        return false;
    nm_stream_finish(call->stream, outcome);
    nm_call_flush(call, NM_NEVER);
    return true;
}

bool nm_call_return(natsmicro_call *call, natsmicro_status returned, nm_error *outcome)
{
    return complete(call, returned, true, outcome);
}

bool nm_call_finish(natsmicro_call *call, natsmicro_status status, nm_error *outcome)
{
    return complete(call, status, false, outcome);
}

natsmicro_status natsmicro_call_detach(natsmicro_call *call)
{
    pthread_mutex_lock(&call->lock);
    bool may = call->in_handler && !call->detached;
    call->detached = call->detached || may;
    if (may) /* the handler's own, which may return after another thread has finished the call */
        nm_stream_reference(call->stream);
    pthread_mutex_unlock(&call->lock);
    return may ? NATSMICRO_OK : NATSMICRO_FAILED_PRECONDITION;
}

/* ---- ending from outside ---- */

void nm_call_end_from_outside(natsmicro_call *call, natsmicro_status status, const char *text)
{
    nm_error error = NM_ERROR_INIT;
    nm_error_set(&error, status, "%s: %s", call->method->full_name, text);
    nm_stream_abort_unless_ended(call->stream, status, text);

    pthread_mutex_lock(&call->lock);
    bool tell = !call->answered;
    if (may_fail(call))
        nm_error_copy(&call->failure, &error);
    else if (tell)
        nm_error_copy(&error, &call->failure); /* it has failed before, and nobody was told yet */
    pthread_mutex_unlock(&call->lock);
    if (tell) {
        nm_stream_cancel(call->stream, &error);
        nm_link_flush_soon(call->link);
    }
    nm_error_clear(&error);
}
