/*
 * Sends a blob from memory or from the user's source.
 */
#include "base/compare.h"
#include "base/last_error.h"
#include "chunked/chunk.h"

#include <inttypes.h>
#include <stdlib.h>

static natsmicro_status send_chunk(natsmicro_call *call, const void *data, size_t length)
{
    natsmicro_status status = nm_chunk_check_sends(call);
    if (status != NATSMICRO_OK)
        return status;
    if (data == NULL && length > 0)
        return nm_error_set(&call->send_error, NATSMICRO_INVALID_ARGUMENT, "data is NULL");
    return nm_chunk_send(call, &(nm_bytes){data, length}, 1);
}

natsmicro_status natsmicro_chunked_send_chunk(natsmicro_call *call, const void *data, size_t length)
{
    if (call == NULL)
        return NM_REFUSE_NULL(call);
    nm_call_enter(&call->chunking);
    return nm_call_leave(&call->chunking, send_chunk(call, data, length));
}

/* All was sent. If the call has failed meanwhile, the last bytes have not reached anybody. */
static natsmicro_status finish(nm_progress *progress)
{
    natsmicro_status status = nm_call_check_send(progress->call);
    return nm_is_failure(status) ? status : nm_progress_end(progress);
}

static natsmicro_status send_bytes(natsmicro_call *call, const void *data, size_t length,
                                   size_t chunk_size, natsmicro_progress progress, void *user_data)
{
    natsmicro_status status = nm_chunk_check_sends(call);
    if (status != NATSMICRO_OK)
        return status;
    if (data == NULL && length > 0)
        return nm_error_set(&call->send_error, NATSMICRO_INVALID_ARGUMENT, "data is NULL");

    nm_progress watch = nm_progress_begin(call, progress, user_data, length);
    const uint8_t *at = data;
    size_t left = length;
    while (left > 0) {
        size_t size = nm_chunk_size(call, chunk_size);
        nm_bytes chunk = {at, nm_smaller(left, size)};
        status = nm_chunk_send(call, &chunk, 1);
        if (status == NATSMICRO_OK)
            status = nm_progress_add(&watch, chunk.length);
        if (status != NATSMICRO_OK)
            return status;
        at += chunk.length;
        left -= chunk.length;
    }
    return finish(&watch);
}

natsmicro_status natsmicro_chunked_send_bytes(natsmicro_call *call, const void *data, size_t length,
                                              size_t chunk_size, natsmicro_progress progress,
                                              void *user_data)
{
    if (call == NULL)
        return NM_REFUSE_NULL(call);
    nm_call_enter(&call->chunking);
    return nm_call_leave(&call->chunking,
                         send_bytes(call, data, length, chunk_size, progress, user_data));
}

natsmicro_status nm_chunk_send_from(nm_progress *progress, nm_chunk_fill fill, void *source,
                                    size_t chunk_size)
{
    natsmicro_call *call = progress->call;
    size_t capacity = nm_chunk_size(call, chunk_size);
    uint8_t *buffer = malloc(capacity);
    natsmicro_status status = NATSMICRO_OK;
    size_t length = 0;
    if (buffer == NULL)
        return nm_error_set(&call->send_error, NATSMICRO_RESOURCE_EXHAUSTED,
                            "no memory for a chunk of %zu bytes", capacity);
    while (status == NATSMICRO_OK) {
        status = fill(source, buffer, capacity, &length);
        if (status == NATSMICRO_OK && length == 0) {
            status = finish(progress);
            break;
        }
        if (status == NATSMICRO_OK)
            status = nm_chunk_send(call, &(nm_bytes){buffer, length}, 1);
        if (status == NATSMICRO_OK)
            status = nm_progress_add(progress, length);
    }
    free(buffer);
    return status;
}

/* ---- the user's source ---- */

typedef struct user_source {
    natsmicro_call *call;
    natsmicro_reader reader;
    void *data;
    const nm_progress *progress;
    bool ended;
} user_source;

static natsmicro_status fill_from_user(void *self, uint8_t *buffer, size_t size, size_t *length)
{
    user_source *source = self;
    const char *method = source->call->method->full_name;
    *length = 0;
    if (source->ended)
        return NATSMICRO_OK;
    natsmicro_status status = source->reader(source->data, buffer, size, length);
    source->ended = status == NATSMICRO_END;
    if (status != NATSMICRO_OK && status != NATSMICRO_END)
        return nm_call_give_up(source->call, status,
                               "%s: the source failed with %s after %" PRIu64 " bytes", method,
                               natsmicro_status_name(status), source->progress->done);
    if (*length > size)
        return nm_call_give_up(source->call, NATSMICRO_INTERNAL,
                               "%s: the source returned %zu bytes into a buffer of %zu", method,
                               *length, size);
    return NATSMICRO_OK;
}

static natsmicro_status send_reader(natsmicro_call *call, natsmicro_reader reader,
                                    void *reader_data, size_t chunk_size,
                                    natsmicro_progress progress, void *user_data)
{
    natsmicro_status status = nm_chunk_check_sends(call);
    if (status != NATSMICRO_OK)
        return status;
    if (reader == NULL)
        return nm_error_set(&call->send_error, NATSMICRO_INVALID_ARGUMENT, "reader is NULL");
    nm_progress watch = nm_progress_begin(call, progress, user_data, NATSMICRO_TOTAL_UNKNOWN);
    user_source source = {.call = call, .reader = reader, .data = reader_data, .progress = &watch};
    return nm_chunk_send_from(&watch, fill_from_user, &source, chunk_size);
}

natsmicro_status natsmicro_chunked_send_reader(natsmicro_call *call, natsmicro_reader reader,
                                               void *reader_data, size_t chunk_size,
                                               natsmicro_progress progress, void *user_data)
{
    if (call == NULL)
        return NM_REFUSE_NULL(call);
    nm_call_enter(&call->chunking);
    return nm_call_leave(&call->chunking,
                         send_reader(call, reader, reader_data, chunk_size, progress, user_data));
}
