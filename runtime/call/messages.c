/*
 * See messages.h.
 */
#include "call/messages.h"
#include "base/cold.h"
#include "base/last_error.h"
#include "call/intercept.h"

/* ---- sending ---- */

typedef struct nm_typed_message {
    const nm_form *form;
    const void *message;
} nm_typed_message;

static bool write_binary(const void *typed, nm_buffer *room)
{
    const nm_typed_message *it = typed;
    return nm_direct_pack(it->form->plan, it->message, room, NULL);
}

static bool write_json(const void *typed, nm_buffer *room)
{
    const nm_typed_message *it = typed;
    return nm_json_write(it->form->json, it->message, NULL, room, NULL) == NATSMICRO_OK;
}

/* After a message of this length: how the next may be written. */
static nm_write choose_write(natsmicro_call *call, const nm_encoding *encoding)
{
    if (encoding->count != 1 || encoding->pieces[0].length >= NM_SHORT_MESSAGE ||
        !nm_stream_has_places(call->stream))
        return NULL;
    return nm_call_form_out(call)->json != NULL ? write_json : write_binary;
}

/* Waits for room. Another thread that only tries to send need not wait for this one. */
static void wait_for_room(natsmicro_call *call, bool *waited)
{
    nm_call_set_send_waits(call, true);
    nm_call_wait(call, NM_WRITABLE, waited);
    nm_call_set_send_waits(call, false);
}

/* With the sends taken. `waits`: for room; else WOULD_BLOCK. */
static natsmicro_status send_pieces(natsmicro_call *call, const nm_bytes *pieces, size_t count,
                                    bool waits)
{
    bool lone = false;
    bool waited = false;
    natsmicro_status status;
    while ((status = nm_stream_try_send(call->stream, pieces, count, &lone, &call->send_error)) ==
               NATSMICRO_WOULD_BLOCK &&
           waits)
        wait_for_room(call, &waited);
    if (lone)
        nm_link_flush(call->link, nm_stream_wait_deadline(call->stream));
    return status;
}

/* With the sends taken. */
static natsmicro_status encode_and_send(natsmicro_call *call, const void *message, bool waits)
{
    nm_call_forget_send_error(call);
    nm_encoding encoding;
    natsmicro_status status = nm_form_encode_in_pieces(
        nm_call_form_out(call), message, &call->encoded, &encoding, &call->send_error);
    if (status != NATSMICRO_OK)
        return status;
    atomic_store_explicit(&call->write_in_place, choose_write(call, &encoding),
                          memory_order_relaxed);
    return send_pieces(call, encoding.pieces, encoding.count, waits);
}

/*
 * A short message after others: in place, and without the error of an earlier one to forget. False:
 * it must take the other way, as there is no room now.
 */
static bool send_short(natsmicro_call *call, const void *message)
{
    nm_write write = atomic_load_explicit(&call->write_in_place, memory_order_relaxed);
    if (write == NULL || atomic_load_explicit(&call->send_failed, memory_order_relaxed))
        return false;
    const nm_typed_message typed = {nm_call_form_out(call), message};
    return nm_stream_send_in_place(call->stream, write, &typed);
}

static natsmicro_status end_sends(natsmicro_call *call, natsmicro_status status)
{
    bool failed = status != NATSMICRO_OK && status != NATSMICRO_WOULD_BLOCK;
    atomic_store_explicit(&call->send_failed, failed, memory_order_relaxed);
    nm_call_give_sends(call);
    return status;
}

static natsmicro_status send_message(natsmicro_call *call, const ProtobufCMessage *message)
{
    if (send_short(call, message))
        return NATSMICRO_OK;
    nm_call_take_sends(call, true);
    return end_sends(call, encode_and_send(call, message, true));
}

static natsmicro_status try_send_message(natsmicro_call *call, const ProtobufCMessage *message)
{
    if (send_short(call, message))
        return NATSMICRO_OK;
    if (!nm_call_take_sends(call, false))
        return NATSMICRO_WOULD_BLOCK;
    return end_sends(call, encode_and_send(call, message, false));
}

natsmicro_status natsmicro_stub_send(natsmicro_call *call, const void *message)
{
    if (call == NULL)
        return NM_REFUSE_NULL(call);
    bool is_first = nm_call_enter_send(call);
    natsmicro_status status = call->method->chain.sends
                                  ? nm_intercept_send(call, message, send_message)
                                  : send_message(call, message);
    return nm_call_leave_send(call, is_first, status);
}

natsmicro_status natsmicro_stub_try_send(natsmicro_call *call, const void *message)
{
    if (call == NULL)
        return NM_REFUSE_NULL(call);
    bool is_first = nm_call_enter_send(call);
    natsmicro_status status = NATSMICRO_WOULD_BLOCK;
    if (nm_stream_can_send(call->stream)) /* else encoding would be for nothing */
        status = call->method->chain.sends ? nm_intercept_send(call, message, try_send_message)
                                           : try_send_message(call, message);
    return nm_call_leave_send(call, is_first, status);
}

natsmicro_status nm_call_send_pieces(natsmicro_call *call, const nm_bytes *pieces, size_t count)
{
    bool is_first = nm_call_enter_send(call);
    nm_call_take_sends(call, true);
    nm_call_forget_send_error(call);
    natsmicro_status status = end_sends(call, send_pieces(call, pieces, count, true));
    return nm_call_leave_send(call, is_first, status);
}

static natsmicro_status write_and_send(natsmicro_call *call, nm_call_write write, const void *what)
{
    nm_call_forget_send_error(call);
    nm_buffer_reset(&call->encoded);
    write(what, &call->encoded);
    if (call->encoded.failed)
        return nm_error_set(&call->send_error, NATSMICRO_RESOURCE_EXHAUSTED,
                            "%s: no memory to encode a message", call->method->full_name);
    return send_pieces(call, &(nm_bytes){call->encoded.data, call->encoded.length}, 1, true);
}

natsmicro_status nm_call_send_written(natsmicro_call *call, nm_call_write write, const void *what)
{
    bool is_first = nm_call_enter_send(call);
    nm_call_take_sends(call, true);
    return nm_call_leave_send(call, is_first, end_sends(call, write_and_send(call, write, what)));
}

/* ---- receiving ---- */

/*
 * With END a client's call has ended well, so an earlier failure of a send does not describe it.
 * The error's memory is the sender's, who may be using it in another thread. A service's call goes
 * on, and a handler may return that failure. `whole`: see nm_call_take_drain.
 */
static natsmicro_status recv_span(natsmicro_call *call, nm_span *span, bool whole)
{
    bool waited = false;
    natsmicro_status status;
    while ((status = nm_stream_try_recv(call->stream, span)) == NATSMICRO_WOULD_BLOCK) {
        if (waited && nm_call_take_drain(call, whole) != NATSMICRO_OK)
            return NATSMICRO_UNAVAILABLE;
        nm_call_wait(call, NM_READABLE, &waited);
    }
    if (status == NATSMICRO_END && !call->side->is_server)
        atomic_store_explicit(&call->send_error_past, true, memory_order_relaxed);
    return status;
}

natsmicro_status nm_call_recv_span(natsmicro_call *call, nm_span *span)
{
    nm_call_enter(&call->receiving);
    return nm_call_leave(&call->receiving, recv_span(call, span, true));
}

/* A malformed message is the caller's fault on a server and a broken service on a client. */
static natsmicro_status malformed(natsmicro_call *call, const nm_error *error)
{
    natsmicro_status status = error->status;
    if (!call->side->is_server && status == NATSMICRO_INVALID_ARGUMENT)
        status = NATSMICRO_INTERNAL;
    nm_stream_abort(call->stream, status, "%s: a message of the peer cannot be decoded: %s",
                    call->method->full_name, nm_error_text(error));
    return status;
}

/* For messages that are not decoded directly. */
NM_COLD static natsmicro_status decode_slowly(natsmicro_call *call, const nm_span *span,
                                              const void **message)
{
    nm_error error = NM_ERROR_INIT;
    ProtobufCMessage *decoded = NULL;
    natsmicro_status status =
        nm_form_decode(nm_call_form_in(call), span->data, span->length, &call->settings->limits,
                       &call->arena, &decoded, &error);
    if (status != NATSMICRO_OK)
        status = malformed(call, &error);
    nm_error_clear(&error);
    *message = decoded;
    return status;
}

natsmicro_status nm_call_decode(natsmicro_call *call, const nm_span *span, const void **message)
{
    *message = nm_decode_directly(nm_call_form_in(call)->plan, span->data, span->length,
                                  &call->settings->limits, &call->arena);
    return *message != NULL ? NATSMICRO_OK : decode_slowly(call, span, message);
}

static natsmicro_status recv_message(natsmicro_call *call, const void **message, bool whole)
{
    *message = NULL;
    call->chunk_rest = (nm_bytes){NULL, 0};
    nm_span span;
    natsmicro_status status = recv_span(call, &span, whole);
    return status == NATSMICRO_OK ? nm_call_decode(call, &span, message) : status;
}

/* ---- receiving under interceptors ---- */

static natsmicro_status recv_inside(natsmicro_call *call, const ProtobufCMessage **message)
{
    const void *received;
    natsmicro_status status = recv_message(call, &received, false);
    *message = received;
    return status;
}

static natsmicro_status recv_chunk_inside(natsmicro_call *call, const ProtobufCMessage **message)
{
    const void *received;
    natsmicro_status status = recv_message(call, &received, true);
    *message = received;
    return status;
}

static natsmicro_status recv_outside(natsmicro_call *call, const void **message, nm_receiving end)
{
    const ProtobufCMessage *received = NULL;
    natsmicro_status status = nm_intercept_recv(call, &received, end);
    *message = received;
    return status;
}

natsmicro_status nm_call_recv_chunk(natsmicro_call *call, const void **message)
{
    nm_call_enter(&call->receiving);
    return nm_call_leave(&call->receiving, recv_outside(call, message, recv_chunk_inside));
}

natsmicro_status natsmicro_stub_recv(natsmicro_call *call, const void **message)
{
    if (message == NULL)
        return NM_REFUSE_NULL(message);
    *message = NULL;
    if (call == NULL)
        return NM_REFUSE_NULL(call);
    nm_call_enter(&call->receiving);
    return nm_call_leave(&call->receiving, call->method->chain.receives
                                               ? recv_outside(call, message, recv_inside)
                                               : recv_message(call, message, false));
}

/* Decodes the response into memory of its own. One that cannot be decoded ends the call. */
static natsmicro_status decode_response(natsmicro_call *call, const nm_span *span, void **response)
{
    nm_error error = NM_ERROR_INIT;
    ProtobufCMessage *decoded = NULL;
    natsmicro_status status =
        nm_form_decode_owned(&call->method->response, span->data, span->length,
                             &call->settings->limits, &decoded, &error);
    if (status == NATSMICRO_INVALID_ARGUMENT)
        status = NATSMICRO_INTERNAL;
    if (status != NATSMICRO_OK)
        nm_stream_abort(call->stream, status, "%s: the response cannot be decoded: %s",
                        call->method->full_name, nm_error_text(&error));
    nm_error_clear(&error);
    call->responded = status == NATSMICRO_OK;
    *response = decoded;
    return status;
}

static natsmicro_status recv_response(natsmicro_call *call, void **response)
{
    nm_span span;
    natsmicro_status status = recv_span(call, &span, true);
    if (status == NATSMICRO_OK)
        return decode_response(call, &span, response);
    if (status != NATSMICRO_END)
        return status;
    nm_stream_abort(call->stream, NATSMICRO_INTERNAL, "%s: the call ended without a response",
                    call->method->full_name);
    return NATSMICRO_INTERNAL;
}

natsmicro_status nm_call_recv_response(natsmicro_call *call, void **response)
{
    nm_call_enter(&call->receiving);
    return nm_call_leave(&call->receiving, recv_response(call, response));
}

static natsmicro_status recv_response_inside(natsmicro_call *call, const ProtobufCMessage **message)
{
    void *response = NULL;
    natsmicro_status status = recv_response(call, &response);
    call->response = response;
    *message = response;
    return status;
}

/* The interceptors may have put another message in place, which is theirs: a copy is the user's. */
static natsmicro_status own_response(natsmicro_call *call, const ProtobufCMessage *message,
                                     void **response)
{
    nm_error error = NM_ERROR_INIT;
    nm_buffer bytes = NM_BUFFER_INIT;
    ProtobufCMessage *copy = NULL;
    natsmicro_status status =
        nm_encode_by_plan(call->method->response.plan, message, &bytes, &error);
    if (status == NATSMICRO_OK)
        status = nm_decode_owned(call->method->stub->response, bytes.data, bytes.length,
                                 &call->settings->limits, &copy, &error);
    if (status != NATSMICRO_OK)
        nm_call_give_up_with(call, &error);
    nm_buffer_free(&bytes);
    nm_error_clear(&error);
    *response = copy;
    return status;
}

static natsmicro_status recv_response_outside(natsmicro_call *call, void **response)
{
    const ProtobufCMessage *message = NULL;
    natsmicro_status status = nm_intercept_recv(call, &message, recv_response_inside);
    if (status == NATSMICRO_OK && message == call->response) {
        *response = call->response;
        return NATSMICRO_OK;
    }
    if (status == NATSMICRO_OK)
        status = own_response(call, message, response);
    natsmicro_stub_message_free(call->response);
    return status;
}

natsmicro_status nm_call_recv_last(natsmicro_call *call, void **response)
{
    call->response = NULL;
    nm_call_enter(&call->receiving);
    return nm_call_leave(&call->receiving, call->method->chain.receives
                                               ? recv_response_outside(call, response)
                                               : recv_response(call, response));
}

void natsmicro_stub_message_free(void *message)
{
    if (message != NULL)
        protobuf_c_message_free_unpacked(message, NULL);
}
