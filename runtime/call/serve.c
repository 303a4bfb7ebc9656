/*
 * The server's half of a call: replying, failing, detaching, and what a handler's return means.
 */
#include "call/call.h"

/* Of a message with an error's data: its code, the beginning of its text, and the stream's own. */
#define ERROR_HEADERS 512

/* ---- replying ---- */

/* Claims the one answer: OK for the first who asks, while the call has neither failed nor ended. */
static natsmicro_status claim_answer(natsmicro_call *call)
{
    nm_stream *stream = &call->stream;
    nm_error *error = &call->send_error;
    pthread_mutex_lock(&stream->lock);
    natsmicro_status status = stream->aborted;
    if (call->answered)
        status = nm_error_set(error, NATSMICRO_FAILED_PRECONDITION,
                              "%s: the call has been answered", call->method->full_name);
    else if (status != NATSMICRO_OK)
        nm_error_copy(error, &stream->error);
    else if (call->failure.status != NATSMICRO_OK)
        status = nm_error_set(error, NATSMICRO_FAILED_PRECONDITION, "%s: the call has failed",
                              call->method->full_name);
    else
        call->answered = true;
    pthread_mutex_unlock(&stream->lock);
    return status;
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
        nm_stream_transport(&call->stream)
            ->answer(&call->stream, call->encoded.data, call->encoded.length, &call->send_error);
    if (status == NATSMICRO_RESOURCE_EXHAUSTED) {
        /* Too large: nothing has gone out, so the caller can still be told. */
        pthread_mutex_lock(&call->stream.lock);
        call->answered = false;
        pthread_mutex_unlock(&call->stream.lock);
    }
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
    pthread_mutex_lock(&call->stream.lock);
    if (may_fail(call))
        nm_error_vset(&call->failure, status, format, arguments);
    else
        status = NATSMICRO_FAILED_PRECONDITION;
    pthread_mutex_unlock(&call->stream.lock);
    va_end(arguments);
    return status;
}

natsmicro_status natsmicro_stub_fail(natsmicro_call *call, const char *code, const char *format,
                                     va_list arguments)
{
    nm_error formatted = NM_ERROR_INIT;
    nm_error_vset(&formatted, NATSMICRO_SERVICE_ERROR, format, arguments);
    natsmicro_status status = NATSMICRO_SERVICE_ERROR;

    pthread_mutex_lock(&call->stream.lock);
    if (may_fail(call))
        nm_error_set_code(&call->failure, code, formatted.text);
    else
        status = NATSMICRO_FAILED_PRECONDITION;
    pthread_mutex_unlock(&call->stream.lock);
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
    if (length + ERROR_HEADERS > nm_link_max_payload(call->stream.link))
        return NATSMICRO_INVALID_ARGUMENT;
    pthread_mutex_lock(&call->stream.lock);
    bool copied = nm_error_set_data(&call->failure, data, length);
    pthread_mutex_unlock(&call->stream.lock);
    return copied ? NATSMICRO_OK : NATSMICRO_RESOURCE_EXHAUSTED;
}

/* ---- ending ---- */

/* Under the lock: turns a handler's return into the call's failure, where it is one. */
static void judge_return(natsmicro_call *call, natsmicro_status returned)
{
    nm_stream *stream = &call->stream;
    if (!may_fail(call))
        return;
    if (nm_is_failure(returned)) {
        /* A handler passes on what its send or recv returned: then the text is theirs. */
        const nm_error *cause = NULL;
        if (stream->error.status == returned)
            cause = &stream->error;
        else if (call->send_error.status == returned)
            cause = &call->send_error;
        if (cause != NULL)
            nm_error_copy_words(&call->failure, cause);
        else
            nm_error_set(&call->failure, returned, "%s", "");
    } else if (returned == NATSMICRO_WOULD_BLOCK)
        nm_error_set(&call->failure, NATSMICRO_INTERNAL, "%s: the handler returned WOULD_BLOCK",
                     call->method->full_name);
    else if (!nm_service_streams(stream->kind))
        nm_error_set(&call->failure, NATSMICRO_INTERNAL, "%s did not reply",
                     call->method->full_name);
    else if (stream->aborted != NATSMICRO_OK)
        nm_error_copy(&call->failure, &stream->error); /* what it sent is not complete */
    else if (call->unsent)
        nm_error_set(&call->failure, NATSMICRO_FAILED_PRECONDITION,
                     "%s: a blob is not ended, or not flushed", call->method->full_name);
}

void nm_call_complete(natsmicro_call *call, natsmicro_status returned, nm_error *outcome)
{
    nm_stream *stream = &call->stream;
    pthread_mutex_lock(&stream->lock);
    judge_return(call, returned);
    nm_error_copy(outcome, &call->failure);
    nm_error_drop_hidden(outcome); /* the caller hears of it, and who asks for the statistics */
    pthread_mutex_unlock(&stream->lock);

    nm_stream_discard(stream);
    nm_stream_transport(stream)->finish(stream, outcome);
}

void nm_call_end_from_outside(natsmicro_call *call, natsmicro_status status, const char *text)
{
    nm_stream *stream = &call->stream;
    nm_error error = NM_ERROR_INIT;
    nm_error_set(&error, status, "%s: %s", call->method->full_name, text);

    pthread_mutex_lock(&stream->lock);
    nm_stream_abort_locked(stream, status, "%s", nm_error_text(&error));
    bool tell = !call->answered;
    if (may_fail(call))
        nm_error_copy(&call->failure, &error);
    else if (tell)
        nm_error_copy(&error, &call->failure); /* it has failed before, and nobody was told yet */
    pthread_mutex_unlock(&stream->lock);
    if (tell)
        nm_stream_transport(stream)->abandon(stream, &error);
    nm_error_clear(&error);
}

natsmicro_status natsmicro_call_detach(natsmicro_call *call)
{
    pthread_mutex_lock(&call->stream.lock);
    bool may = call->in_handler && !call->detached;
    if (may) {
        call->detached = true;
        /* The handler's own, which may return after another thread has finished the call. */
        nm_inbox_reference(&call->stream.inbox);
    }
    pthread_mutex_unlock(&call->stream.lock);
    return may ? NATSMICRO_OK : NATSMICRO_FAILED_PRECONDITION;
}
