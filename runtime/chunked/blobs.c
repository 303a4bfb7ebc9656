/*
 * Many blobs on one stream: the writer and the reader of chunked.h. Each blob is its length as a
 * varint and then its bytes, without regard to the borders of chunks. The stream may end only
 * between two blobs.
 */
#include "base/last_error.h"
#include "base/varint.h"
#include "chunked/chunk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- writing ---- */

struct natsmicro_blob_writer {
    natsmicro_call *call;
    bool in_blob;
    bool refused;      /* the service has answered, and wants no more */
    uint64_t left;     /* bytes of the blob that are still to come */
    size_t size;       /* of a chunk */
    size_t filled;     /* bytes in `waiting` */
    uint8_t waiting[]; /* the next chunk, as long as it is not full */
};

natsmicro_status natsmicro_blob_writer_new(natsmicro_blob_writer **writer, natsmicro_call *call,
                                           size_t chunk_size)
{
    if (writer == NULL)
        return NM_REFUSE_NULL(writer);
    if (call == NULL)
        return NM_REFUSE_NULL(call);
    *writer = NULL;
    natsmicro_status status = nm_chunk_check_sends(call);
    if (status != NATSMICRO_OK)
        return status;
    size_t size = nm_chunk_size(call, chunk_size);
    natsmicro_blob_writer *made = malloc(sizeof(*made) + size);
    if (made == NULL)
        return nm_error_set(&call->send_error, NATSMICRO_RESOURCE_EXHAUSTED,
                            "no memory for a chunk of %zu bytes", size);
    *made = (natsmicro_blob_writer){.call = call, .size = size};
    *writer = made;
    return NATSMICRO_OK;
}

/* Notes in the call whether an end of the stream would cut something off. */
static void note_unsent(natsmicro_blob_writer *writer)
{
    writer->call->unsent = !writer->refused && (writer->in_blob || writer->filled > 0);
}

/* Sends the waiting bytes and `data` as one chunk, without copying them together. */
static natsmicro_status send_with(natsmicro_blob_writer *writer, const void *data, size_t length)
{
    nm_bytes pieces[] = {{writer->waiting, writer->filled}, {data, length}};
    natsmicro_status status = nm_chunk_send(writer->call, pieces, 2);
    if (status == NATSMICRO_OK)
        writer->filled = 0;
    writer->refused = status == NATSMICRO_END;
    note_unsent(writer);
    return status;
}

static natsmicro_status put(natsmicro_blob_writer *writer, const void *data, size_t length)
{
    const uint8_t *at = data;
    while (length >= writer->size - writer->filled) {
        size_t now = writer->size - writer->filled;
        natsmicro_status status = send_with(writer, at, now);
        if (status != NATSMICRO_OK)
            return status;
        at += now;
        length -= now;
    }
    if (length > 0)
        memcpy(writer->waiting + writer->filled, at, length);
    writer->filled += length;
    return NATSMICRO_OK;
}

static natsmicro_status complain(natsmicro_call *call, natsmicro_status status, const char *text)
{
    nm_call_forget_send_error(call);
    return nm_error_set(&call->send_error, status, "%s: %s", call->method->full_name, text);
}

natsmicro_status natsmicro_blob_writer_begin(natsmicro_blob_writer *writer, uint64_t length)
{
    if (writer == NULL)
        return NM_REFUSE_NULL(writer);
    if (writer->in_blob)
        return complain(writer->call, NATSMICRO_FAILED_PRECONDITION,
                        "the blob before has not been ended");
    uint8_t head[NM_VARINT_SIZE];
    size_t n = (size_t)(nm_varint_write(head, length) - head);
    writer->in_blob = true;
    writer->left = length;
    note_unsent(writer);
    return put(writer, head, n);
}

natsmicro_status natsmicro_blob_writer_write(natsmicro_blob_writer *writer, const void *data,
                                             size_t length)
{
    if (writer == NULL)
        return NM_REFUSE_NULL(writer);
    if (!writer->in_blob)
        return complain(writer->call, NATSMICRO_FAILED_PRECONDITION, "no blob has been begun");
    if (length > writer->left || (data == NULL && length > 0))
        return complain(writer->call, NATSMICRO_INVALID_ARGUMENT,
                        data == NULL ? "data is NULL"
                                     : "the blob is longer than it was begun with");
    natsmicro_status status = put(writer, data, length);
    if (status == NATSMICRO_OK)
        writer->left -= length;
    return status;
}

natsmicro_status natsmicro_blob_writer_end(natsmicro_blob_writer *writer)
{
    if (writer == NULL)
        return NM_REFUSE_NULL(writer);
    if (!writer->in_blob)
        return complain(writer->call, NATSMICRO_FAILED_PRECONDITION, "no blob has been begun");
    if (writer->left > 0)
        return complain(writer->call, NATSMICRO_INVALID_ARGUMENT,
                        "the blob is shorter than it was begun with");
    writer->in_blob = false;
    note_unsent(writer);
    return NATSMICRO_OK;
}

natsmicro_status natsmicro_blob_writer_flush(natsmicro_blob_writer *writer)
{
    if (writer == NULL)
        return NM_REFUSE_NULL(writer);
    return writer->filled > 0 ? send_with(writer, NULL, 0) : natsmicro_call_status(writer->call);
}

void natsmicro_blob_writer_free(natsmicro_blob_writer *writer)
{
    if (writer == NULL)
        return;
    if (writer->call->unsent)
        nm_call_give_up(writer->call, NATSMICRO_CANCELLED, "%s: the blob writer was freed with %s",
                        writer->call->method->full_name,
                        writer->in_blob ? "a blob that is not ended"
                                        : "blobs that are not flushed");
    writer->call->unsent = false; /* the call has ended, or nothing was left to send */
    free(writer);
}

/* ---- reading ---- */

struct natsmicro_blob_reader {
    natsmicro_call *call;
    bool in_blob;
    uint64_t left; /* bytes of the blob that are still to be read */
};

natsmicro_status natsmicro_blob_reader_new(natsmicro_blob_reader **reader, natsmicro_call *call)
{
    if (reader == NULL)
        return NM_REFUSE_NULL(reader);
    if (call == NULL)
        return NM_REFUSE_NULL(call);
    *reader = NULL;
    natsmicro_status status = nm_chunk_check_receives(call);
    if (status != NATSMICRO_OK)
        return status;
    *reader = calloc(1, sizeof(**reader));
    if (*reader == NULL)
        return nm_error_set(&call->send_error, NATSMICRO_RESOURCE_EXHAUSTED, "no memory");
    (*reader)->call = call;
    return NATSMICRO_OK;
}

static natsmicro_status malformed(natsmicro_blob_reader *reader, const char *what)
{
    natsmicro_call *call = reader->call;
    return nm_call_give_up(
        call, call->side->is_server ? NATSMICRO_INVALID_ARGUMENT : NATSMICRO_INTERNAL,
        "%s: the stream of blobs is malformed: %s", call->method->full_name, what);
}

static natsmicro_status cut_off(natsmicro_blob_reader *reader, uint64_t missing)
{
    char what[64];
    snprintf(what, sizeof(what), "it ended %" PRIu64 " bytes before the end of a blob", missing);
    return malformed(reader, what);
}

/* Reads the length of the next blob; END when there is no next one. */
static natsmicro_status read_length(natsmicro_blob_reader *reader, uint64_t *value)
{
    size_t count = 0;
    uint8_t bytes[NM_VARINT_SIZE];
    do {
        size_t length;
        natsmicro_status status = nm_chunk_read(reader->call, &bytes[count], 1, &length);
        if (status == NATSMICRO_END && count > 0)
            return malformed(reader, "it ended within a length");
        if (status != NATSMICRO_OK)
            return status;
        count++;
    } while (bytes[count - 1] >= 0x80 && count < NM_VARINT_SIZE);
    if (nm_varint_read(bytes, count, NM_VARINT_SIZE, value) == 0 || !nm_varint_fits(bytes, count))
        return malformed(reader, "a length has more than 64 bits");
    return NATSMICRO_OK;
}

static natsmicro_status begin_blob(natsmicro_blob_reader *reader)
{
    natsmicro_status status = read_length(reader, &reader->left);
    reader->in_blob = status == NATSMICRO_OK;
    return status;
}

/* Receives the rest of the blob and drops it. */
static natsmicro_status skip_blob(natsmicro_blob_reader *reader)
{
    natsmicro_call *call = reader->call;
    while (reader->left > 0) {
        const uint8_t *data;
        size_t length;
        natsmicro_status status = nm_chunk_recv(call, &data, &length);
        if (status == NATSMICRO_END)
            return cut_off(reader, reader->left);
        if (status != NATSMICRO_OK)
            return status;
        size_t now = length < reader->left ? length : (size_t)reader->left;
        call->chunk_rest = (nm_bytes){data + now, length - now};
        reader->left -= now;
    }
    return NATSMICRO_OK;
}

natsmicro_status natsmicro_blob_reader_next(natsmicro_blob_reader *reader, uint64_t *length)
{
    if (reader == NULL)
        return NM_REFUSE_NULL(reader);
    if (length == NULL)
        return NM_REFUSE_NULL(length);
    *length = 0;
    natsmicro_status status = reader->in_blob ? skip_blob(reader) : NATSMICRO_OK;
    if (status == NATSMICRO_OK)
        status = begin_blob(reader);
    if (status == NATSMICRO_OK)
        *length = reader->left;
    return status;
}

natsmicro_status natsmicro_blob_reader_read(natsmicro_blob_reader *reader, void *buffer,
                                            size_t size, size_t *length)
{
    if (reader == NULL)
        return NM_REFUSE_NULL(reader);
    if (length == NULL)
        return NM_REFUSE_NULL(length);
    *length = 0;
    if (buffer == NULL || size == 0)
        return complain(reader->call, NATSMICRO_INVALID_ARGUMENT,
                        "the buffer is NULL, or its size is 0");
    natsmicro_status status = reader->in_blob ? NATSMICRO_OK : begin_blob(reader);
    if (status != NATSMICRO_OK)
        return status;
    if (reader->left == 0) {
        reader->in_blob = false;
        return NATSMICRO_OK;
    }
    if (reader->left < size)
        size = (size_t)reader->left;
    status = nm_chunk_read(reader->call, buffer, size, length);
    reader->left -= *length;
    return status == NATSMICRO_END ? cut_off(reader, reader->left) : status;
}

void natsmicro_blob_reader_free(natsmicro_blob_reader *reader)
{
    free(reader);
}
