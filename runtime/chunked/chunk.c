/*
 * See chunk.h. A chunk message has exactly one field, so it is sent as that field's head and the user's
 * bytes, and nearly always received as just that: other shapes (unknown fields, the field twice) go
 * through the codec.
 */
#include "chunked/chunk.h"

#include <inttypes.h>
#include <string.h>

#define DEFAULT_CHUNK_SIZE 65536

/* A tag and a length of at most five bytes each. */
#define LONGEST_HEAD 10

#define WIRE_TYPE_BYTES 2

/* ---- which way ---- */

static const ProtobufCMessageDescriptor *chunk_type(const natsmicro_call *call)
{
    const natsmicro_stub_method *stub = call->method->stub;
    return stub->kind == NATSMICRO_CLIENT_STREAM ? stub->request : stub->response;
}

static natsmicro_status check_chunked(natsmicro_call *call, bool sends)
{
    const natsmicro_stub_method *stub = call->method->stub;
    nm_error_clear(&call->send_error);
    if (stub->chunk_field == NULL)
        return nm_error_set(&call->send_error, NATSMICRO_FAILED_PRECONDITION,
                            "%s: the method has no option (natsmicro.chunked_io)",
                            call->method->full_name);
    bool client_sends = stub->kind == NATSMICRO_CLIENT_STREAM;
    if (sends == (client_sends != call->stream.is_server))
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

/* ---- sending ---- */

size_t nm_put_varint(uint8_t *to, uint64_t value)
{
    size_t length = 0;
    for (; value >= 0x80; value >>= 7)
        to[length++] = (uint8_t)(value | 0x80);
    to[length++] = (uint8_t)value;
    return length;
}

static uint64_t chunk_tag(const natsmicro_call *call)
{
    return (uint64_t)chunk_type(call)->fields[0].id << 3 | WIRE_TYPE_BYTES;
}

/* What one message can take; at least a byte, so that one that fits nowhere fails when it is sent. */
static size_t most_in_a_message(natsmicro_call *call)
{
    size_t limit = nm_stream_transport(&call->stream)->max_message(&call->stream);
    return limit > LONGEST_HEAD ? limit - LONGEST_HEAD : 1;
}

size_t nm_chunk_size(natsmicro_call *call, size_t chunk_size)
{
    if (chunk_size == 0)
        chunk_size = (size_t)call->method->stub->default_chunk_size;
    if (chunk_size == 0)
        chunk_size = DEFAULT_CHUNK_SIZE;
    size_t most = most_in_a_message(call);
    return chunk_size < most ? chunk_size : most;
}

/* The most pieces that one chunk is made of, its head among them. */
#define MOST_PIECES 3

static natsmicro_status send_one(natsmicro_call *call, const nm_bytes *pieces, size_t count,
                                 size_t length)
{
    uint8_t head[2 * LONGEST_HEAD];
    nm_bytes all[MOST_PIECES];
    size_t head_length = nm_put_varint(head, chunk_tag(call));
    head_length += nm_put_varint(head + head_length, length);
    all[0] = (nm_bytes){head, head_length};
    memcpy(&all[1], pieces, count * sizeof(*pieces));
    return nm_call_send_pieces(call, all, count + 1);
}

static natsmicro_status send_split(natsmicro_call *call, nm_bytes piece)
{
    const uint8_t *at = piece.data;
    size_t left = piece.length;
    natsmicro_status status = NATSMICRO_OK;
    while (left > 0 && status == NATSMICRO_OK) {
        size_t most = most_in_a_message(call);
        size_t length = left < most ? left : most;
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
 * A message that cannot be sent leaves a call as it was; but a chunk that is missing makes a blob of
 * others, so that here the call ends.
 */
natsmicro_status nm_chunk_send(natsmicro_call *call, const nm_bytes *pieces, size_t count)
{
    natsmicro_status status = send_all(call, pieces, count);
    if (status == NATSMICRO_OK || status == NATSMICRO_END ||
        natsmicro_call_status(call) != NATSMICRO_OK)
        return status;
    return nm_call_give_up(call, status, "%s", nm_error_text(&call->send_error));
}

/* ---- receiving ---- */

/* The length of a varint, or 0 when the bytes are none of those that a tag or a chunk's length is. */
static size_t get_varint(const uint8_t *from, size_t length, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < length && i < LONGEST_HEAD / 2; i++) {
        *value |= (uint64_t)(from[i] & 0x7f) << (7 * i);
        if (from[i] < 0x80)
            return i + 1;
    }
    return 0;
}

/* Whether the message is the field's head and its bytes and nothing else. */
static bool is_plain_chunk(const natsmicro_call *call, const nm_span *span, nm_bytes *bytes)
{
    uint64_t tag;
    uint64_t length;
    size_t tag_length = get_varint(span->data, span->length, &tag);
    if (tag_length == 0 || tag != chunk_tag(call))
        return false;
    size_t head = get_varint(span->data + tag_length, span->length - tag_length, &length);
    if (head == 0 || length != span->length - tag_length - head)
        return false;
    *bytes = (nm_bytes){span->data + tag_length + head, (size_t)length};
    return true;
}

static natsmicro_status decode_chunk(natsmicro_call *call, const nm_span *span, nm_bytes *bytes)
{
    const void *message;
    natsmicro_status status = nm_call_decode(call, span, &message);
    if (status != NATSMICRO_OK)
        return status;
    ProtobufCBinaryData field;
    memcpy(&field, (const char *)message + chunk_type(call)->fields[0].offset, sizeof(field));
    *bytes = (nm_bytes){field.data, field.len};
    return NATSMICRO_OK;
}

static natsmicro_status recv_message(natsmicro_call *call, nm_bytes *bytes)
{
    nm_span span;
    natsmicro_status status = nm_call_recv_span(call, &span);
    if (status != NATSMICRO_OK || is_plain_chunk(call, &span, bytes))
        return status;
    return decode_chunk(call, &span, bytes);
}

natsmicro_status nm_chunk_recv(natsmicro_call *call, const uint8_t **data, size_t *length)
{
    nm_bytes bytes = call->chunk_rest;
    call->chunk_rest = (nm_bytes){NULL, 0};
    while (bytes.length == 0) {
        natsmicro_status status = recv_message(call, &bytes);
        if (status != NATSMICRO_OK)
            return status;
    }
    *data = bytes.data;
    *length = bytes.length;
    return NATSMICRO_OK;
}

/* ---- progress ---- */

void natsmicro_chunked_expect(natsmicro_call *call, uint64_t total)
{
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
