/*
 * See chunk.h. A chunk message has exactly one field, so it is sent as the head of that field and
 * the user's bytes, or as JSON with the bytes as base64. Received messages have nearly always the
 * same shape; all others (unknown fields, the field twice, JSON with blanks) go through the codec.
 */
#include "chunked/chunk.h"
#include "base/base64.h"
#include "base/cold.h"
#include "base/compare.h"
#include "call/messages.h"
#include "wire/chunk.h"

#include <inttypes.h>
#include <string.h>

#define DEFAULT_CHUNK_SIZE 65536

/* ---- the direction ---- */

static const ProtobufCMessageDescriptor *chunk_type(const natsmicro_call *call)
{
    return nm_form_type(nm_method_chunks(call->method));
}

static bool is_json(const natsmicro_call *call)
{
    return nm_method_chunks(call->method)->json != NULL;
}

static natsmicro_status check_chunked(natsmicro_call *call, bool sends)
{
    const natsmicro_stub_method *stub = call->method->stub;
    nm_call_forget_send_error(call);
    if (stub->chunk_field == NULL)
        return nm_error_set(&call->send_error, NATSMICRO_FAILED_PRECONDITION,
                            "%s: the method has no option (natsmicro.chunked_io)",
                            call->method->full_name);
    bool client_sends = stub->kind == NATSMICRO_CLIENT_STREAM;
    if (sends == (client_sends != call->side->is_server))
        return NATSMICRO_OK;
    return nm_error_set(&call->send_error, NATSMICRO_FAILED_PRECONDITION,
                        "%s: this side of the call %s chunks", call->method->full_name,
                        sends ? "receives" : "sends");
}

natsmicro_status nm_chunk_check_sends(natsmicro_call *call)
{
    return check_chunked(call, true);
}

natsmicro_status nm_chunk_check_receives(natsmicro_call *call)
{
    return check_chunked(call, false);
}

/* ---- the user's watch ---- */

void natsmicro_chunked_watch(natsmicro_call *call, natsmicro_watch watch, void *user_data)
{
    if (call == NULL)
        return;
    call->watch = watch;
    call->watch_data = user_data;
}

static void show(natsmicro_call *call, nm_bytes bytes)
{
    if (call->watch != NULL && bytes.length > 0)
        call->watch(call->watch_data, bytes.data, bytes.length);
}

/* ---- sending ---- */

static uint32_t chunk_field(const natsmicro_call *call)
{
    return chunk_type(call)->fields[0].id;
}

/*
 * The most bytes of a chunk that fit into one message. At least 1: where not even one byte fits,
 * sending it fails, and says why.
 */
static size_t most_in_a_message(natsmicro_call *call)
{
    size_t limit = nm_stream_max_message(call->stream);
    if (is_json(call))
        return nm_larger(nm_json_chunk_fits(&call->method->json_chunk, limit), 1);
    return limit > NM_LONGEST_CHUNK_HEAD ? limit - NM_LONGEST_CHUNK_HEAD : 1;
}

size_t nm_chunk_size(natsmicro_call *call, size_t chunk_size)
{
    if (chunk_size == 0)
        chunk_size = (size_t)call->method->stub->default_chunk_size;
    if (chunk_size == 0)
        chunk_size = DEFAULT_CHUNK_SIZE;
    return nm_smaller(chunk_size, most_in_a_message(call));
}

/*
 * Interceptors see a chunk as a message. Decoding what would be sent makes one, whatever else its
 * type may have, such as a flag for the field.
 */
NM_COLD static natsmicro_status send_as_message(natsmicro_call *call, const nm_bytes *pieces,
                                                size_t count)
{
    nm_buffer encoded = NM_BUFFER_INIT;
    for (size_t i = 0; i < count; i++)
        nm_buffer_append(&encoded, pieces[i].data, pieces[i].length);
    ProtobufCMessage *message = NULL;
    natsmicro_status status =
        encoded.failed ? nm_error_set(&call->send_error, NATSMICRO_RESOURCE_EXHAUSTED,
                                      "%s: no memory for a chunk", call->method->full_name)
                       : nm_decode_owned(chunk_type(call), encoded.data, encoded.length, NULL,
                                         &message, &call->send_error);
    nm_buffer_free(&encoded);
    if (status == NATSMICRO_OK)
        status = natsmicro_stub_send(call, message);
    natsmicro_stub_message_free(message);
    return status;
}

/* The most pieces that one chunk is made of, with its head. */
#define MOST_PIECES 3

typedef struct nm_chunk_content {
    const nm_json_chunk *form;
    const nm_bytes *pieces;
    size_t count;
} nm_chunk_content;

static void write_json(const void *what, nm_buffer *buffer)
{
    const nm_chunk_content *content = what;
    nm_json_chunk_write(content->form, content->pieces, content->count, buffer);
}

static natsmicro_status send_as_json(natsmicro_call *call, const nm_bytes *pieces, size_t count)
{
    const nm_chunk_content content = {&call->method->json_chunk, pieces, count};
    return nm_call_send_written(call, write_json, &content);
}

static natsmicro_status send_one(natsmicro_call *call, const nm_bytes *pieces, size_t count,
                                 size_t length)
{
    bool is_seen = call->method->chain.sends;
    if (!is_seen && is_json(call))
        return send_as_json(call, pieces, count);
    uint8_t head[NM_LONGEST_CHUNK_HEAD];
    nm_bytes all[MOST_PIECES];
    all[0] = (nm_bytes){head, nm_chunk_head(head, chunk_field(call), length)};
    memcpy(&all[1], pieces, count * sizeof(*pieces));
    return is_seen ? send_as_message(call, all, count + 1)
                   : nm_call_send_pieces(call, all, count + 1);
}

static natsmicro_status send_split(natsmicro_call *call, nm_bytes piece)
{
    const uint8_t *at = piece.data;
    size_t left = piece.length;
    natsmicro_status status = NATSMICRO_OK;
    while (left > 0 && status == NATSMICRO_OK) {
        size_t length = nm_smaller(left, most_in_a_message(call));
        status = send_one(call, &(nm_bytes){at, length}, 1, length);
        at += length;
        left -= length;
    }
    return status;
}

static natsmicro_status send_all(natsmicro_call *call, const nm_bytes *pieces, size_t count)
{
    size_t length = nm_bytes_length(pieces, count);
    natsmicro_status status = NATSMICRO_OK;
    if (length > 0 && count < MOST_PIECES && length <= most_in_a_message(call))
        return send_one(call, pieces, count, length);
    for (size_t i = 0; i < count && status == NATSMICRO_OK; i++)
        status = send_split(call, pieces[i]);
    return status;
}

/*
 * A message that cannot be sent leaves a call as it was. A chunk that is missing would make another
 * blob of the rest, so here the call ends.
 */
natsmicro_status nm_chunk_send(natsmicro_call *call, const nm_bytes *pieces, size_t count)
{
    natsmicro_status status = send_all(call, pieces, count);
    for (size_t i = 0; i < count && status == NATSMICRO_OK; i++)
        show(call, pieces[i]);
    if (status == NATSMICRO_OK || status == NATSMICRO_END ||
        natsmicro_call_status(call) != NATSMICRO_OK)
        return status;
    return nm_call_give_up(call, status, "%s", nm_error_text(&call->send_error));
}

/* ---- receiving ---- */

/* The bytes of a chunk that has been decoded. */
static nm_bytes bytes_of(const natsmicro_call *call, const void *message)
{
    ProtobufCBinaryData field;
    memcpy(&field, (const char *)message + chunk_type(call)->fields[0].offset, sizeof(field));
    return (nm_bytes){field.data, field.len};
}

static natsmicro_status decode_chunk(natsmicro_call *call, const nm_span *span, nm_bytes *bytes)
{
    const void *message;
    natsmicro_status status = nm_call_decode(call, span, &message);
    if (status == NATSMICRO_OK)
        *bytes = bytes_of(call, message);
    return status;
}

/* Interceptors see a chunk as a message. */
NM_COLD static natsmicro_status recv_as_message(natsmicro_call *call, nm_bytes *bytes)
{
    const void *message;
    natsmicro_status status = nm_call_recv_chunk(call, &message);
    if (status == NATSMICRO_OK)
        *bytes = bytes_of(call, message);
    return status;
}

/* Reads a chunk of the usual shape into the call's arena. False: the codec must do it. */
static bool read_json(natsmicro_call *call, const nm_span *span, nm_bytes *bytes)
{
    nm_bytes base64;
    if (!nm_json_chunk_is_plain(&call->method->json_chunk, span->data, span->length, &base64))
        return false;
    nm_arena_reset(&call->arena);
    call->arena.limit = nm_codec_memory_limit(&call->settings->limits);
    uint8_t *room = nm_arena_alloc(&call->arena, nm_base64_room(base64.length));
    if (room == NULL)
        return false;
    bytes->data = room;
    return nm_base64_read(base64.data, base64.length, room, &bytes->length);
}

static bool read_directly(natsmicro_call *call, const nm_span *span, nm_bytes *bytes)
{
    return is_json(call) ? read_json(call, span, bytes)
                         : nm_chunk_is_plain(span->data, span->length, chunk_field(call), bytes);
}

static natsmicro_status recv_message(natsmicro_call *call, nm_bytes *bytes)
{
    if (call->method->chain.receives)
        return recv_as_message(call, bytes);
    nm_span span;
    natsmicro_status status = nm_call_recv_span(call, &span);
    if (status != NATSMICRO_OK || read_directly(call, &span, bytes))
        return status;
    return decode_chunk(call, &span, bytes);
}

void natsmicro_chunked_set_max_size(natsmicro_call *call, uint64_t max_size)
{
    if (call == NULL)
        return;
    call->max_size = max_size;
}

static natsmicro_status count_received(natsmicro_call *call, size_t length)
{
    call->chunk_bytes += length;
    if (call->chunk_bytes <= call->max_size)
        return NATSMICRO_OK;
    return nm_call_give_up(call, NATSMICRO_RESOURCE_EXHAUSTED,
                           "%s: the blob is larger than the limit of %" PRIu64 " bytes",
                           call->method->full_name, call->max_size);
}

natsmicro_status nm_chunk_recv(natsmicro_call *call, const uint8_t **data, size_t *length)
{
    nm_bytes bytes = call->chunk_rest;
    call->chunk_rest = (nm_bytes){NULL, 0};
    while (bytes.length == 0) {
        natsmicro_status status = recv_message(call, &bytes);
        if (status == NATSMICRO_OK)
            status = count_received(call, bytes.length);
        if (status != NATSMICRO_OK)
            return status;
        show(call, bytes);
    }
    *data = bytes.data;
    *length = bytes.length;
    return NATSMICRO_OK;
}

/* ---- progress ---- */

void natsmicro_chunked_expect(natsmicro_call *call, uint64_t total)
{
    if (call == NULL)
        return;
    call->expected = total;
}

nm_progress nm_progress_begin(natsmicro_call *call, natsmicro_progress callback, void *user_data,
                              uint64_t total)
{
    if (total == NATSMICRO_TOTAL_UNKNOWN)
        total = call->expected;
    return (nm_progress){
        .call = call, .callback = callback, .user_data = user_data, .total = total};
}

natsmicro_status nm_progress_add(nm_progress *progress, size_t length)
{
    progress->done += length;
    if (progress->callback == NULL ||
        progress->callback(progress->done, progress->total, progress->user_data))
        return NATSMICRO_OK;
    return nm_call_give_up(progress->call, NATSMICRO_CANCELLED,
                           "%s: cancelled by the progress callback after %" PRIu64 " bytes",
                           progress->call->method->full_name, progress->done);
}

natsmicro_status nm_progress_end(nm_progress *progress)
{
    return progress->done > 0 ? NATSMICRO_OK : nm_progress_add(progress, 0);
}
