/*
 * Fuzzes the reader of frames: the bytes are a payload. What it takes, protobuf-c's reader of the
 * same schema must take too and find the same in it; and what it found, written again, is the same.
 */
#include "base/utf8.h"
#include "wire/digest.h"
#include "wire/frame.h"
#include "wire/names.h"

#include "natsmicro/stream.pb-c.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef Natsmicro__StreamFrame theirs;

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_text(nm_bytes text, const char *expected)
{
    check(strlen(expected) == text.length);
    check(text.length == 0 || memcmp(text.data, expected, text.length) == 0);
    check(nm_utf8_is_valid(text.data, text.length));
}

static void check_headers(nm_frame_header_cursor cursor, Natsmicro__StreamHeader **expected,
                          size_t count)
{
    nm_headers headers = NM_HEADERS_INIT;
    nm_frame_header_cursor again = cursor;
    nm_frame_header header;

    for (size_t i = 0; i < count; i++) {
        check(nm_frame_next_header(&cursor, &header));
        check_text(header.name, expected[i]->name);
        check_text(header.value, expected[i]->value);
    }
    check(!nm_frame_next_header(&cursor, &header));
    check(nm_frame_copy_headers(again, &headers));
    for (size_t i = 0; i < headers.count; i++)
        check(!nm_header_name_is_reserved(headers.items[i].name));
    nm_headers_clear(&headers);
}

/* The messages, and their encodings, written again, with the digest that they had. */
static void check_messages(const nm_frame *frame, const theirs *expected, size_t size)
{
    nm_frame_cursor cursor = nm_frame_first(frame);
    uint8_t *encodings = malloc(size + 1);
    uint8_t *at = encodings;
    size_t count = 0;

    const uint8_t *data;
    size_t length;
    for (; nm_frame_next_message(&cursor, &data, &length); count++) {
        check(count < expected->n_messages && length == expected->messages[count].len);
        check(length == 0 || memcmp(data, expected->messages[count].data, length) == 0);
        at = nm_frame_put_message(at, data, length);
        if (count + 1 == frame->count)
            check(nm_frame_message_size(length) == frame->last_size);
    }
    check(count == frame->count && count == expected->n_messages);
    check((size_t)(at - encodings) == frame->messages_size);
    cursor = nm_frame_first(frame);
    check(nm_frame_skip(&cursor, count) == frame->messages_size);
    nm_digest digest;
    nm_digest_begin(&digest);
    nm_digest_add_messages(&digest, frame, nm_frame_first(frame));
    nm_digest again;
    nm_digest_begin(&again);
    nm_digest_add(&again, encodings, frame->messages_size);
    check(nm_digest_value(&digest) == nm_digest_value(&again));
    free(encodings);
}

static void check_frame(const nm_frame *frame, const theirs *expected)
{
    check(frame->seq == expected->seq && frame->ack == expected->ack);
    check(frame->max_messages == expected->max_messages);
    check(frame->max_bytes == expected->max_bytes && frame->gap == (expected->gap != 0));
    check(frame->has_end == (expected->end != NULL));
    check(frame->has_reset == (expected->reset != NULL));
    check_headers(nm_frame_headers(frame), expected->headers, expected->n_headers);
    if (frame->has_end) {
        check_text(frame->end.status, expected->end->status);
        check_text(frame->end.text, expected->end->text);
        check(frame->end.digest == expected->end->digest);
        check(frame->end.data.length == expected->end->data.len);
        check_headers(nm_frame_trailers(frame), expected->end->trailers, expected->end->n_trailers);
    }
    if (frame->has_reset) {
        check_text(frame->reset.status, expected->reset->status);
        check_text(frame->reset.text, expected->reset->text);
    } else if (frame->count > 0 || frame->has_end) {
        check(frame->seq > 0 && nm_frame_last_number(frame) <= NM_FRAME_LAST_NUMBER);
    }
}

/* An end written with what a peer sent, in little room, is one that a peer may send. */
static void write_on(const nm_frame *frame, const uint8_t *data, size_t size)
{
    uint8_t bytes[2 + NM_FRAME_SHORTEST_END + 256] = {0x08, 0x01};
    size_t room = NM_FRAME_SHORTEST_END + size % 256;
    nm_headers trailers = NM_HEADERS_INIT;
    char text[256];
    nm_frame_outcome outcome = {.status = text, .text = text, .data = {data, size}};

    memset(text, 0, sizeof(text));
    if (size > 0)
        memcpy(text, data, size < sizeof(text) ? size : sizeof(text) - 1);
    check(nm_frame_copy_headers(nm_frame_trailers(frame), &trailers));
    outcome.trailers = &trailers;
    uint8_t *at = nm_frame_write_end(bytes + 2, room, &outcome);
    check(at <= bytes + 2 + room);
    nm_frame again;
    const char *why;
    check(nm_frame_read(bytes, (size_t)(at - bytes), &again, &why) && again.has_end);
    nm_headers_clear(&trailers);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *why;
    nm_frame frame;

    if (!nm_frame_read(data, size, &frame, &why)) {
        check(why != NULL);
        return 0;
    }
    theirs *expected = natsmicro__stream_frame__unpack(NULL, size, data);
    check(expected != NULL);
    check_frame(&frame, expected);
    check_messages(&frame, expected, size);
    write_on(&frame, data, size);
    natsmicro__stream_frame__free_unpacked(expected, NULL);
    return 0;
}
