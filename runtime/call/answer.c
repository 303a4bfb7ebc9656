/*
 * See answer.h.
 */
#include "call/answer.h"
#include "base/last_error.h"
#include "call/failure.h"
#include "call/intercept.h"
#include "call/persist.h"

/* ---- replying ---- */

/*
 * Under the lock: an answer takes the place of a failure that may be replaced. Where it is to be
 * stored it does not go out yet.
 */
static void claim_answer(natsmicro_call *call)
{
    if (!call->answered) {
        nm_error_clear(&call->failure);
        call->storing = call->method->stores != NULL;
    }
    call->answered = true;
}

/* Nothing has gone out, so the caller can still be told of a failure. */
static void unclaim_answer(natsmicro_call *call)
{
    pthread_mutex_lock(&call->lock);
    call->answered = call->storing = false;
    pthread_mutex_unlock(&call->lock);
}

/*
 * Whether the call may be answered: it has neither been answered, nor failed, nor ended. `claim`:
 * it is answered from now on.
 */
static natsmicro_status check_answer(natsmicro_call *call, bool claim)
{
    nm_error *error = &call->send_error;
    natsmicro_status aborted = nm_stream_aborted(call->stream);
    pthread_mutex_lock(&call->lock);
    bool answered = call->answered;
    bool failed = nm_call_has_failed(call);
    if (claim && aborted == NATSMICRO_OK && !failed)
        claim_answer(call);
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

/* An answer that was claimed goes out. */
static natsmicro_status publish(natsmicro_call *call, const nm_buffer *response)
{
    natsmicro_status status =
        nm_stream_answer(call->stream, response->data, response->length, &call->send_error);
    if (status == NATSMICRO_RESOURCE_EXHAUSTED) { /* too large */
        unclaim_answer(call);
        return status;
    }
    nm_call_flush(call, NM_NEVER);
    return status;
}

/* ---- storing ---- */

/* The answer may go out, unless the call was ended from outside meanwhile: then that is final. */
static natsmicro_status end_storing(natsmicro_call *call)
{
    natsmicro_status aborted = nm_stream_aborted(call->stream);
    pthread_mutex_lock(&call->lock);
    bool ended = call->told || aborted != NATSMICRO_OK;
    call->storing = false;
    call->answered = !ended;
    pthread_mutex_unlock(&call->lock);
    if (!ended)
        return NATSMICRO_OK;
    nm_error_copy(&call->send_error, nm_stream_error(call->stream));
    return nm_stream_aborted(call->stream);
}

/* One that is too large for a message is not stored either, as its call fails. */
static natsmicro_status store(natsmicro_call *call, const nm_buffer *response)
{
    if (response->length > nm_link_max_payload(call->link))
        return end_storing(call);
    nm_error error = NM_ERROR_INIT;
    natsmicro_status status =
        nm_persist(call, (nm_bytes){response->data, response->length}, &error);
    if (status == NATSMICRO_OK) {
        status = end_storing(call);
    } else {
        unclaim_answer(call);
        natsmicro_call_fail(call, status, "%s", nm_error_text(&error));
        nm_error_copy(&call->send_error, &error);
    }
    nm_error_clear(&error);
    return status;
}

/* Others may try to reply meanwhile, so the call's own buffer is left alone. */
static natsmicro_status store_and_reply(natsmicro_call *call, const ProtobufCMessage *response)
{
    nm_buffer encoded = NM_BUFFER_INIT;
    natsmicro_status status =
        nm_form_encode(&call->method->response, response, &encoded, &call->send_error);
    if (status == NATSMICRO_OK)
        status = check_answer(call, true);
    if (status == NATSMICRO_OK)
        status = store(call, &encoded);
    if (status == NATSMICRO_OK)
        status = publish(call, &encoded);
    nm_buffer_free(&encoded);
    return status;
}

static natsmicro_status reply(natsmicro_call *call, const ProtobufCMessage *response)
{
    nm_error_clear(&call->send_error);
    if (call->method->stores != NULL)
        return store_and_reply(call, response);
    natsmicro_status status =
        nm_form_encode(&call->method->response, response, &call->encoded, &call->send_error);
    if (status == NATSMICRO_OK)
        status = check_answer(call, true);
    return status == NATSMICRO_OK ? publish(call, &call->encoded) : status;
}

natsmicro_status natsmicro_stub_reply(natsmicro_call *call, const void *response)
{
    if (call == NULL)
        return NM_REFUSE_NULL(call);
    if (!call->method->chain.sends)
        return reply(call, response);
    nm_error_clear(&call->send_error);
    natsmicro_status status = check_answer(call, false);
    return status == NATSMICRO_OK ? nm_intercept_send(call, response, reply) : status;
}

natsmicro_status natsmicro_call_reply(natsmicro_call *call, const ProtobufCMessage *response)
{
    if (call == NULL)
        return NM_REFUSE_NULL(call);
    if (!call->side->is_server || nm_service_streams(nm_call_kind(call)))
        return nm_error_set(&call->send_error, NATSMICRO_FAILED_PRECONDITION,
                            "%s: this side of the call has no response to give",
                            call->method->full_name);
    nm_error_clear(&call->send_error);
    natsmicro_status status = nm_check_type(call, &call->method->response, response);
    return status == NATSMICRO_OK ? natsmicro_stub_reply(call, response) : status;
}

/* ---- ending ---- */

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
        nm_call_judge_return(call, status, aborted, ended);
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
    if (call == NULL)
        return NM_REFUSE_NULL(call);
    pthread_mutex_lock(&call->lock);
    bool may = call->in_handler && !call->detached && call->outside == call->method->chain.count;
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
    bool tell = !call->answered || call->storing;
    if (tell && call->failure.status == NATSMICRO_OK)
        nm_error_copy(&call->failure, &error);
    else if (tell)
        nm_error_copy(&error, &call->failure); /* it has failed before, and nobody was told yet */
    call->told = call->told || tell;
    pthread_mutex_unlock(&call->lock);
    if (tell) {
        nm_stream_cancel(call->stream, &error);
        nm_link_flush_soon(call->link);
    }
    nm_error_clear(&error);
}
