/*
 * Receives a blob into memory, into the user's sink, or piece by piece.
 */
#include "base/compare.h"
#include "base/last_error.h"
#include "chunked/chunk.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

natsmicro_status nm_chunk_recv_to(nm_progress *progress, nm_chunk_take take, void *sink)
{
    natsmicro_status status;
    const uint8_t *data;
    size_t length;
    while ((status = nm_chunk_recv(progress->call, &data, &length)) == NATSMICRO_OK) {
        status = take(sink, data, length);
        if (status == NATSMICRO_OK)
            status = nm_progress_add(progress, length);
        if (status != NATSMICRO_OK)
            return status;
    }
    return status == NATSMICRO_END ? nm_progress_end(progress) : status;
}

/* ---- memory ---- */

typedef struct memory_sink {
    natsmicro_call *call;
    uint8_t *data;
    size_t length;
    size_t capacity;
    size_t limit;
} memory_sink;

/* Allocates one byte more than asked for, for the NUL. */
static bool grow_to(memory_sink *sink, size_t capacity)
{
    uint8_t *data = capacity < SIZE_MAX ? realloc(sink->data, capacity + 1) : NULL;
    if (data == NULL)
        return false;
    sink->data = data;
    sink->capacity = capacity;
    return true;
}

static bool make_room(memory_sink *sink, size_t length)
{
    size_t needed = sink->length + length;
    if (needed <= sink->capacity)
        return true;
    size_t doubled = sink->capacity > sink->limit / 2 ? sink->limit : 2 * sink->capacity;
    return grow_to(sink, nm_larger(doubled, needed));
}

static natsmicro_status take_into_memory(void *self, const uint8_t *data, size_t length)
{
    memory_sink *sink = self;
    if (length > sink->limit - sink->length)
        return nm_call_give_up(sink->call, NATSMICRO_RESOURCE_EXHAUSTED,
                               "%s: the blob is larger than the limit of %zu bytes",
                               sink->call->method->full_name, sink->limit);
    if (!make_room(sink, length))
        return nm_call_give_up(sink->call, NATSMICRO_RESOURCE_EXHAUSTED,
                               "%s: no memory for more than %zu bytes",
                               sink->call->method->full_name, sink->length);
    memcpy(sink->data + sink->length, data, length);
    sink->length += length;
    return NATSMICRO_OK;
}

/* The most memory to allocate at once because natsmicro_chunked_expect announced it. */
#define MOST_AT_ONCE ((size_t)16 * 1024 * 1024)

static size_t first_capacity(const nm_progress *progress, size_t limit)
{
    size_t capacity = progress->total < MOST_AT_ONCE ? (size_t)progress->total : 0;
    return nm_smaller(capacity, limit);
}

static natsmicro_status recv_bytes(natsmicro_call *call, size_t limit, uint8_t **data,
                                   size_t *length, natsmicro_progress progress, void *user_data)
{
    *data = NULL;
    *length = 0;
    natsmicro_status status = nm_chunk_check_receives(call);
    if (status != NATSMICRO_OK)
        return status;
    nm_progress watch = nm_progress_begin(call, progress, user_data, NATSMICRO_TOTAL_UNKNOWN);
    memory_sink sink = {.call = call, .limit = limit};
    if (!grow_to(&sink, first_capacity(&watch, limit)))
        return nm_call_give_up(call, NATSMICRO_RESOURCE_EXHAUSTED, "%s: no memory for the blob",
                               call->method->full_name);
    status = nm_chunk_recv_to(&watch, take_into_memory, &sink);
    if (status != NATSMICRO_OK) {
        free(sink.data);
        return status;
    }
    sink.data[sink.length] = '\0';
    *data = sink.data;
    *length = sink.length;
    return NATSMICRO_OK;
}

natsmicro_status natsmicro_chunked_recv_bytes(natsmicro_call *call, size_t limit, uint8_t **data,
                                              size_t *length, natsmicro_progress progress,
                                              void *user_data)
{
    if (call == NULL)
        return NM_REFUSE_NULL(call);
    if (data == NULL)
        return NM_REFUSE_NULL(data);
    if (length == NULL)
        return NM_REFUSE_NULL(length);
    nm_call_enter(&call->chunking);
    return nm_call_leave(&call->chunking,
                         recv_bytes(call, limit, data, length, progress, user_data));
}

/* ---- the user's sink ---- */

typedef struct user_sink {
    natsmicro_call *call;
    natsmicro_writer writer;
    void *data;
    const nm_progress *progress;
} user_sink;

static natsmicro_status take_by_user(void *self, const uint8_t *data, size_t length)
{
    user_sink *sink = self;
    natsmicro_status status = sink->writer(sink->data, data, length);
    if (status == NATSMICRO_OK)
        return NATSMICRO_OK;
    return nm_call_give_up(
        sink->call, status, "%s: the sink failed with %s after %" PRIu64 " bytes",
        sink->call->method->full_name, natsmicro_status_name(status), sink->progress->done);
}

static natsmicro_status recv_to_writer(natsmicro_call *call, natsmicro_writer writer,
                                       void *writer_data, natsmicro_progress progress,
                                       void *user_data)
{
    natsmicro_status status = nm_chunk_check_receives(call);
    if (status != NATSMICRO_OK)
        return status;
    if (writer == NULL)
        return nm_error_set(&call->send_error, NATSMICRO_INVALID_ARGUMENT, "writer is NULL");
    nm_progress watch = nm_progress_begin(call, progress, user_data, NATSMICRO_TOTAL_UNKNOWN);
    user_sink sink = {call, writer, writer_data, &watch};
    return nm_chunk_recv_to(&watch, take_by_user, &sink);
}

natsmicro_status natsmicro_chunked_recv_to_writer(natsmicro_call *call, natsmicro_writer writer,
                                                  void *writer_data, natsmicro_progress progress,
                                                  void *user_data)
{
    if (call == NULL)
        return NM_REFUSE_NULL(call);
    nm_call_enter(&call->chunking);
    return nm_call_leave(&call->chunking,
                         recv_to_writer(call, writer, writer_data, progress, user_data));
}

/* ---- piece by piece ---- */

static natsmicro_status recv_chunk(natsmicro_call *call, const uint8_t **data, size_t *length)
{
    *data = NULL;
    *length = 0;
    natsmicro_status status = nm_chunk_check_receives(call);
    return status == NATSMICRO_OK ? nm_chunk_recv(call, data, length) : status;
}

natsmicro_status natsmicro_chunked_recv_chunk(natsmicro_call *call, const uint8_t **data,
                                              size_t *length)
{
    if (call == NULL)
        return NM_REFUSE_NULL(call);
    if (data == NULL)
        return NM_REFUSE_NULL(data);
    if (length == NULL)
        return NM_REFUSE_NULL(length);
    nm_call_enter(&call->chunking);
    return nm_call_leave(&call->chunking, recv_chunk(call, data, length));
}

natsmicro_status nm_chunk_read(natsmicro_call *call, void *buffer, size_t size, size_t *length)
{
    *length = 0;
    const uint8_t *data;
    size_t there;
    natsmicro_status status = nm_chunk_recv(call, &data, &there);
    if (status != NATSMICRO_OK)
        return status;
    *length = nm_smaller(there, size);
    memcpy(buffer, data, *length);
    call->chunk_rest = (nm_bytes){data + *length, there - *length};
    return NATSMICRO_OK;
}

static natsmicro_status read_some(natsmicro_call *call, void *buffer, size_t size, size_t *length)
{
    *length = 0;
    natsmicro_status status = nm_chunk_check_receives(call);
    if (status != NATSMICRO_OK)
        return status;
    if (buffer == NULL || size == 0)
        return nm_error_set(&call->send_error, NATSMICRO_INVALID_ARGUMENT,
                            "the buffer is NULL, or its size is 0");
    return nm_chunk_read(call, buffer, size, length);
}

natsmicro_status natsmicro_chunked_read(natsmicro_call *call, void *buffer, size_t size,
                                        size_t *length)
{
    if (call == NULL)
        return NM_REFUSE_NULL(call);
    if (length == NULL)
        return NM_REFUSE_NULL(length);
    nm_call_enter(&call->chunking);
    return nm_call_leave(&call->chunking, read_some(call, buffer, size, length));
}
