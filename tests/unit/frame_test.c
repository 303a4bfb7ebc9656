/*
 * Frames of reliable streams. An error here loses a message, makes one up, or lets a peer crash us.
 * The code that protobuf-c generates from stream.proto is the second opinion.
 */
#include "unit/cmocka_test.h"

#include "wire/frame.h"
#include "wire/outgoing.h"

#include "natsmicro/stream.pb-c.h"

#include <stdlib.h>
#include <string.h>

typedef Natsmicro__StreamFrame theirs;

/* ---- vocabulary ---- */

static nm_frame read_good(const uint8_t *data, size_t length)
{
    const char *why = "not looked at";
    nm_frame frame;

    if (!nm_frame_read(data, length, &frame, &why))
        fail_msg("refused: %s", why);
    assert_null(why);
    return frame;
}

#define READ(bytes) read_good((const uint8_t *)(bytes), sizeof(bytes) - 1)

static void assert_malformed(const char *bytes, size_t length, const char *reason)
{
    const char *why = NULL;
    nm_frame frame;

    assert_false(nm_frame_read((const uint8_t *)bytes, length, &frame, &why));
    assert_non_null(why);
    if (strstr(why, reason) == NULL)
        fail_msg("\"%s\", not \"%s\"", why, reason);
}

#define MALFORMED(bytes, reason) assert_malformed(bytes, sizeof(bytes) - 1, reason)

static void assert_bytes(nm_bytes bytes, const char *expected)
{
    assert_int_equal(bytes.length, strlen(expected));
    if (bytes.length > 0)
        assert_memory_equal(bytes.data, expected, bytes.length);
}

static void assert_next(nm_frame_cursor *cursor, const char *expected)
{
    const uint8_t *data = NULL;
    size_t length = 0;

    assert_true(nm_frame_next_message(cursor, &data, &length));
    assert_bytes((nm_bytes){data, length}, expected);
}

static void assert_no_more(nm_frame_cursor *cursor)
{
    const uint8_t *data;
    size_t length;

    assert_false(nm_frame_next_message(cursor, &data, &length));
    assert_false(nm_frame_next_message(cursor, &data, &length));
}

static theirs *unpacked(const uint8_t *data, size_t length)
{
    theirs *frame = natsmicro__stream_frame__unpack(NULL, length, data);

    assert_non_null(frame);
    return frame;
}

/* ---- reading ---- */

static void an_empty_payload_is_an_acknowledgement_of_nothing(void **state)
{
    nm_frame frame = READ("");
    nm_frame_cursor cursor = nm_frame_first(&frame);

    (void)state;
    assert_int_equal(frame.seq, 0);
    assert_int_equal(frame.ack, 0);
    assert_int_equal(frame.count, 0);
    assert_false(frame.has_end || frame.has_reset || frame.gap);
    assert_int_equal(nm_frame_last_number(&frame), 0);
    assert_no_more(&cursor);
    frame = read_good(NULL, 0);
    assert_int_equal(frame.count, 0);
}

/* A frame as a writer in another language makes it, with each field once. */
static void what_protobuf_writes_is_read(void **state)
{
    ProtobufCBinaryData messages[] = {{1, (uint8_t *)"a"}, {0, NULL}, {3, (uint8_t *)"bcd"}};
    Natsmicro__StreamHeader header = NATSMICRO__STREAM_HEADER__INIT;
    Natsmicro__StreamHeader trailer = NATSMICRO__STREAM_HEADER__INIT;
    Natsmicro__StreamHeader *headers[] = {&header, &header};
    Natsmicro__StreamHeader *trailers[] = {&trailer};
    Natsmicro__StreamEnd end = NATSMICRO__STREAM_END__INIT;
    theirs written = NATSMICRO__STREAM_FRAME__INIT;

    (void)state;
    header.name = "X-One";
    header.value = "\xc3\xa4";
    trailer.name = "X-Two";
    end.status = "NOT_FOUND";
    end.text = "no such \xe2\x82\xac";
    end.digest = UINT64_C(0xfedcba9876543210);
    end.data = (ProtobufCBinaryData){2, (uint8_t *)"\0\xff"};
    end.n_trailers = 1;
    end.trailers = trailers;
    written.seq = 7;
    written.n_messages = 3;
    written.messages = messages;
    written.end = &end;
    written.ack = UINT64_MAX;
    written.max_messages = 300;
    written.max_bytes = UINT64_C(1) << 40;
    written.gap = 1;
    written.n_headers = 2;
    written.headers = headers;
    uint8_t bytes[512];
    assert_true(natsmicro__stream_frame__get_packed_size(&written) <= sizeof(bytes));
    nm_frame frame = read_good(bytes, natsmicro__stream_frame__pack(&written, bytes));

    assert_true(frame.seq == 7 && frame.count == 3 && frame.contiguous);
    assert_int_equal(frame.messages_size, 3 + 2 + 5);
    assert_int_equal(frame.last_size, 5);
    assert_int_equal(nm_frame_last_number(&frame), 10);
    assert_true(frame.ack == UINT64_MAX && frame.max_messages == 300);
    assert_true(frame.max_bytes == UINT64_C(1) << 40 && frame.gap);
    nm_frame_cursor cursor = nm_frame_first(&frame);
    assert_next(&cursor, "a");
    assert_next(&cursor, "");
    assert_next(&cursor, "bcd");
    assert_no_more(&cursor);

    assert_true(frame.has_end && !frame.has_reset);
    assert_bytes(frame.end.status, "NOT_FOUND");
    assert_bytes(frame.end.text, "no such \xe2\x82\xac");
    assert_true(frame.end.digest == UINT64_C(0xfedcba9876543210));
    assert_int_equal(frame.end.data.length, 2);
    assert_memory_equal(frame.end.data.data, "\0\xff", 2);
    nm_frame_header_cursor header_cursor = nm_frame_headers(&frame);
    nm_frame_header read_header;
    for (int i = 0; i < 2; i++) {
        assert_true(nm_frame_next_header(&header_cursor, &read_header));
        assert_bytes(read_header.name, "X-One");
        assert_bytes(read_header.value, "\xc3\xa4");
    }
    assert_false(nm_frame_next_header(&header_cursor, &read_header));
    header_cursor = nm_frame_trailers(&frame);
    assert_true(nm_frame_next_header(&header_cursor, &read_header));
    assert_bytes(read_header.name, "X-Two");
    assert_bytes(read_header.value, "");
    assert_false(nm_frame_next_header(&header_cursor, &read_header));
}

/* Messages whose lengths take one to four bytes are read with exactly their length. */
static void messages_of_every_length_are_read(void **state)
{
    static const size_t lengths[] = {0, 1, 127, 128, 129, 16383, 16384, 2097151, 2097152};
    const size_t n = sizeof(lengths) / sizeof(lengths[0]);
    size_t size = 0;

    (void)state;
    for (size_t i = 0; i < n; i++)
        size += nm_frame_message_size(lengths[i]);
    uint8_t *at;
    uint8_t *bytes = at = calloc(1, size + NM_FRAME_CONTROL_SIZE);
    for (size_t i = 0; i < n; i++) {
        at = nm_frame_put_message_head(at, lengths[i]);
        memset(at, 'a' + (int)i, lengths[i]);
        at += lengths[i];
    }
    assert_int_equal(at - bytes, size);
    at = nm_frame_write_control(at, &(nm_frame_control){.seq = 1});
    nm_frame frame = read_good(bytes, (size_t)(at - bytes));
    assert_int_equal(frame.count, n);
    assert_int_equal(frame.messages_size, size);
    nm_frame_cursor cursor = nm_frame_first(&frame);
    for (size_t i = 0; i < n; i++) {
        const uint8_t *data;
        size_t length;

        assert_true(nm_frame_next_message(&cursor, &data, &length));
        assert_int_equal(length, lengths[i]);
        for (size_t j = 0; j < length; j++)
            if (data[j] != (uint8_t)('a' + (int)i))
                fail_msg("message %zu differs at %zu", i, j);
    }
    assert_no_more(&cursor);
    free(bytes);
}

/*
 * Legal protobuf: fields in any order, messages apart, and fields that we do not know in between.
 */
static void messages_apart_from_each_other_are_read_in_order(void **state)
{
    nm_frame frame = READ("\x12\x01"
                          "a"
                          "\x20\x05"
                          "\x12\x00"
                          "\x7a\x02\x12\x01"
                          "\x12\x02"
                          "bc"
                          "\x08\x04");
    nm_frame_cursor cursor = nm_frame_first(&frame);
    nm_frame_cursor from_second = nm_frame_first(&frame);

    (void)state;
    assert_true(frame.seq == 4 && frame.ack == 5 && frame.count == 3);
    assert_false(frame.contiguous);
    assert_int_equal(frame.messages_size, 3 + 2 + 4);
    assert_int_equal(frame.last_size, 4);
    assert_next(&cursor, "a");
    assert_next(&cursor, "");
    assert_next(&cursor, "bc");
    assert_no_more(&cursor);
    assert_int_equal(nm_frame_skip(&from_second, 2), 3 + 2);
    assert_next(&from_second, "bc");
}

/* A frame that is sent again may begin with messages that the reader has already. */
static void a_reader_passes_over_what_it_has(void **state)
{
    nm_frame frame = READ("\x08\x05\x12\x01"
                          "a"
                          "\x12\x01"
                          "b"
                          "\x12\x01"
                          "c");
    nm_frame_cursor cursor = nm_frame_first(&frame);

    (void)state;
    assert_int_equal(nm_frame_skip(&cursor, 0), 0);
    assert_int_equal(nm_frame_skip(&cursor, 2), 6);
    assert_next(&cursor, "c");
    cursor = nm_frame_first(&frame);
    assert_int_equal(nm_frame_skip(&cursor, UINT64_MAX), 9);
    assert_no_more(&cursor);
}

static void unknown_fields_are_passed_over(void **state)
{
    nm_frame frame = READ("\x78\x01"
                          "\x79"
                          "12345678"
                          "\x7d"
                          "1234"
                          "\xfa\x7f\x02"
                          "xy"
                          "\x20\x03"
                          "\x08\x01\x1a\x09\x30\x01\x0a\x05"
                          "ABORT");

    (void)state;
    assert_int_equal(frame.ack, 3);
    assert_true(frame.has_end && !frame.has_reset);
    assert_bytes(frame.end.status, "ABORT");
}

static void the_last_of_a_scalar_counts(void **state)
{
    nm_frame frame = READ("\x20\x03\x20\x04\x38\x01\x38\x00\x42\x06\x0a\x01"
                          "A"
                          "\x0a\x01"
                          "B");

    (void)state;
    assert_int_equal(frame.ack, 4);
    assert_false(frame.gap);
    assert_bytes(frame.reset.status, "B");
}

static void bytes_that_are_not_the_schemas_are_malformed(void **state)
{
    (void)state;
    MALFORMED("\x08", "cut off");
    MALFORMED("\x08\x80", "cut off");
    MALFORMED("\x12", "cut off");
    MALFORMED("\x08\x01\x12\x02"
              "a",
              "cut off");
    MALFORMED("\x08\x01\x12\x80", "cut off");
    MALFORMED("\x08\x01\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "cut off");
    MALFORMED("\x08\x01\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "cut off");
    MALFORMED("\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "cut off");
    MALFORMED("\x4a\x05"
              "a",
              "cut off");
    MALFORMED("\x79"
              "1234567",
              "cut off");
    MALFORMED("\x7d"
              "123",
              "cut off");
    MALFORMED("\x00\x01", "out of range");
    MALFORMED("\x80\x80\x80\x80\x10\x01", "out of range");
    MALFORMED("\x0b\x0c", "a group");
    MALFORMED("\x0e\x01", "a group");
    MALFORMED("\x0a\x01"
              "a",
              "wrong type");
    MALFORMED("\x10\x01", "wrong type");
    MALFORMED("\x18\x01", "wrong type");
    MALFORMED("\x22\x00", "wrong type");
    MALFORMED("\x3a\x00", "wrong type");
    MALFORMED("\x40\x00", "wrong type");
    MALFORMED("\x48\x00", "wrong type");
    MALFORMED("\x4a\x02\x08\x01", "wrong type");
    MALFORMED("\x08\x01\x1a\x02\x18\x01", "wrong type");
    MALFORMED("\x08\x01\x1a\x02\x20\x01", "wrong type");
    MALFORMED("\x42\x02\x08\x01", "wrong type");
    MALFORMED("\x42\x02\x0a\x05", "cut off");
}

/* Digest and limits count encodings: they must be the same at both ends. */
static void encodings_longer_than_need_be_are_malformed(void **state)
{
    (void)state;
    MALFORMED("\x08\x01\x92\x00\x01"
              "a",
              "than necessary");
    MALFORMED("\x08\x01\x12\x81\x00"
              "a",
              "than necessary");
    assert_int_equal(READ("\x08\x81\x00\x12\x01"
                          "a")
                         .seq,
                     1);
}

static void a_second_end_or_reset_is_malformed(void **state)
{
    (void)state;
    MALFORMED("\x08\x01\x1a\x00\x1a\x00", "two ends");
    MALFORMED("\x42\x00\x42\x00", "two resets");
}

static void messages_and_ends_have_numbers_within_limits(void **state)
{
    (void)state;
    MALFORMED("\x12\x01"
              "a",
              "without a number");
    MALFORMED("\x1a\x00", "without a number");
    MALFORMED("\x08\x00\x12\x00", "without a number");
    MALFORMED("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x12\x00", "larger than 2^62");
    MALFORMED("\x08\x80\x80\x80\x80\x80\x80\x80\x80\x40\x12\x00", "larger than 2^62");
    MALFORMED("\x08\x81\x80\x80\x80\x80\x80\x80\x80\x40\x1a\x00", "larger than 2^62");
    nm_frame frame = READ("\x08\x80\x80\x80\x80\x80\x80\x80\x80\x40\x1a\x00");
    assert_true(nm_frame_last_number(&frame) == NM_FRAME_LAST_NUMBER);
    frame = READ("\x08\xff\xff\xff\xff\xff\xff\xff\xff\x3f\x12\x00\x1a\x00");
    assert_true(nm_frame_last_number(&frame) == NM_FRAME_LAST_NUMBER);
    /* In a frame with a reset nothing else counts. */
    assert_true(READ("\x12\x01"
                     "a"
                     "\x42\x00")
                    .has_reset);
}

static void codes_and_texts_are_checked(void **state)
{
    uint8_t bytes[2 * NM_CODE_LIMIT] = {0x42};
    uint8_t *at = nm_varint_write(bytes + 1, 3 + NM_CODE_LIMIT + 1);

    (void)state;
    MALFORMED("\x08\x01\x1a\x03\x0a\x01 ", "not a code");
    MALFORMED("\x42\x05\x0a\x03"
              "A\nB",
              "not a code");
    MALFORMED("\x42\x04\x0a\x02\xc3\xa4", "not a code");
    MALFORMED("\x08\x01\x1a\x03\x0a\x01\xff", "not UTF-8");
    MALFORMED("\x08\x01\x1a\x03\x12\x01\x00", "contains NUL");
    MALFORMED("\x42\x03\x12\x01\xff", "not UTF-8");
    MALFORMED("\x4a\x03\x0a\x01\xff", "not UTF-8");
    MALFORMED("\x08\x01\x1a\x05\x2a\x03\x12\x01\xff", "not UTF-8");
    /* Every text must be UTF-8, even one that a later one replaces. */
    MALFORMED("\x42\x06\x12\x01\xff\x12\x01"
              "a",
              "not UTF-8");
    *at++ = 0x0a;
    at = nm_varint_write(at, NM_CODE_LIMIT + 1);
    memset(at, 'A', NM_CODE_LIMIT + 1);
    at += NM_CODE_LIMIT + 1;
    assert_malformed((const char *)bytes, (size_t)(at - bytes), "not a code");
}

static void what_a_side_may_not_send_is_found(void **state)
{
    const nm_frame_rules of_client = {.from_client = true, .sent = 5};
    const nm_frame_rules of_reader = {.from_client = true, .without_messages = true, .sent = 5};
    const nm_frame_rules of_server = {.sent = 5};
    nm_frame acknowledgement = READ("\x20\x05");
    nm_frame beyond = READ("\x20\x06");
    nm_frame failure = READ("\x08\x01\x1a\x03\x0a\x01"
                            "A");
    nm_frame message = READ("\x08\x01\x12\x00");
    nm_frame reset = READ("\x20\x06\x42\x00");

    (void)state;
    assert_null(nm_frame_breaks(&acknowledgement, &of_client));
    assert_string_equal(nm_frame_breaks(&beyond, &of_server),
                        "an acknowledgement of what was never sent");
    assert_null(nm_frame_breaks(&failure, &of_server));
    assert_string_equal(nm_frame_breaks(&failure, &of_client), "a caller's end with a status");
    assert_null(nm_frame_breaks(&message, &of_client));
    assert_string_equal(nm_frame_breaks(&message, &of_reader),
                        "messages from the caller of a server stream");
    assert_null(nm_frame_breaks(&reset, &of_reader));
}

/*
 * Each frame, cut anywhere or with one byte changed, is read or refused, but never read beyond its
 * end.
 */
static void damaged_frames_are_read_within_their_bytes(void **state)
{
    static const char good[] = "\x08\x07\x12\x01"
                               "a"
                               "\x12\x02"
                               "bc"
                               "\x20\x05\x28\x06\x30\x07\x38\x01"
                               "\x4a\x06\x0a\x01"
                               "n"
                               "\x12\x01"
                               "v"
                               "\x1a\x17\x0a\x01"
                               "A"
                               "\x12\x01"
                               "t"
                               "\x19"
                               "12345678"
                               "\x22\x01"
                               "d"
                               "\x2a\x03\x0a\x01"
                               "n";
    const size_t length = sizeof(good) - 1;

    (void)state;
    READ(good);
    for (size_t cut = 0; cut <= length; cut++)
        for (size_t i = 0; i < cut; i++)
            for (int value = 0; value < 256; value += 3) {
                uint8_t *bytes = malloc(cut); /* exact: sanitizers see reads beyond */

                memcpy(bytes, good, cut);
                bytes[i] = (uint8_t)value;
                const char *why;
                const uint8_t *data;
                size_t size;
                nm_frame frame;
                if (nm_frame_read(bytes, cut, &frame, &why)) {
                    nm_frame_cursor cursor = nm_frame_first(&frame);
                    size_t count = 0;

                    for (; nm_frame_next_message(&cursor, &data, &size); count++)
                        assert_true(data >= bytes && data + size <= bytes + cut);
                    assert_int_equal(count, frame.count);
                }
                free(bytes);
            }
}

/* ---- writing ---- */

static void what_is_written_protobuf_reads(void **state)
{
    const nm_frame_control control = {
        .seq = 9, .ack = 1000, .max_messages = UINT64_MAX, .max_bytes = 1, .gap = true};
    nm_headers headers = NM_HEADERS_INIT;
    uint8_t bytes[256];
    uint8_t *at = bytes;

    (void)state;
    assert_true(nm_headers_add(&headers, "X-One", "1"));
    assert_true(nm_headers_add(&headers, "X-Two", "\xc3\xa4"));
    at = nm_frame_put_message(at, "abc", 3);
    at = nm_frame_put_message(at, NULL, 0);
    at = nm_frame_write_headers(at, &headers);
    assert_int_equal(at - bytes, 5 + 2 + nm_frame_headers_size(&headers));
    at = nm_frame_write_control(at, &control);
    theirs *frame = unpacked(bytes, (size_t)(at - bytes));
    assert_true(frame->seq == 9 && frame->ack == 1000 && frame->max_messages == UINT64_MAX);
    assert_true(frame->max_bytes == 1 && frame->gap);
    assert_int_equal(frame->n_messages, 2);
    assert_int_equal(frame->messages[0].len, 3);
    assert_memory_equal(frame->messages[0].data, "abc", 3);
    assert_int_equal(frame->messages[1].len, 0);
    assert_int_equal(frame->n_headers, 2);
    assert_string_equal(frame->headers[1]->name, "X-Two");
    assert_string_equal(frame->headers[1]->value, "\xc3\xa4");
    assert_true(frame->end == NULL && frame->reset == NULL);
    natsmicro__stream_frame__free_unpacked(frame, NULL);
    nm_headers_clear(&headers);
}

static void a_control_is_never_longer_than_its_limit(void **state)
{
    const nm_frame_control control = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, true};
    const nm_frame_control empty = {0};

    (void)state;
    uint8_t bytes[NM_FRAME_CONTROL_SIZE];
    assert_int_equal(nm_frame_write_control(bytes, &control) - bytes, NM_FRAME_CONTROL_SIZE);
    assert_ptr_equal(nm_frame_write_control(bytes, &empty), bytes);
    assert_int_equal(nm_frame_headers_size(NULL), 0);
    assert_ptr_equal(nm_frame_write_headers(bytes, NULL), bytes);
}

/* Writes an end of at most that many bytes, and reads it as a peer does. Free it. */
static theirs *end_within(size_t wanted, nm_frame_outcome *outcome)
{
    size_t room = wanted > NM_FRAME_SHORTEST_END ? wanted : NM_FRAME_SHORTEST_END;
    uint8_t *bytes = malloc(room + 2);
    uint8_t *at = nm_frame_write_end(bytes + 2, wanted, outcome);

    bytes[0] = 0x08;
    bytes[1] = 0x01;
    assert_true(at <= bytes + 2 + room);
    read_good(bytes, (size_t)(at - bytes));
    theirs *frame = unpacked(bytes, (size_t)(at - bytes));
    assert_non_null(frame->end);
    free(bytes);
    return frame;
}

static void an_end_carries_the_outcome(void **state)
{
    nm_frame_outcome complete = {.digest = UINT64_C(0x0102030405060708)};
    theirs *frame = end_within(NM_FRAME_SHORTEST_END, &complete);

    (void)state;
    assert_string_equal(frame->end->status, "");
    assert_string_equal(frame->end->text, "");
    assert_true(frame->end->digest == UINT64_C(0x0102030405060708));
    assert_int_equal(frame->end->n_trailers, 0);
    natsmicro__stream_frame__free_unpacked(frame, NULL);
}

/* The most important parts stay: always the status, then text, trailers, and data. */
static void an_end_is_cut_to_fit(void **state)
{
    static char data[300];
    nm_headers trailers = NM_HEADERS_INIT;
    nm_frame_outcome outcome = {.status = "ABORTED",
                                .text = "\xc3\xa4\xc3\xa4\xc3\xa4 text",
                                .digest = 5,
                                .data = {data, 300}};
    size_t last_data = SIZE_MAX;
    size_t last_trailers = SIZE_MAX;

    (void)state;
    for (int i = 0; i < 20; i++)
        assert_true(nm_headers_add(&trailers, "X-Trailer", "some value of it"));
    outcome.trailers = &trailers;
    for (size_t room = 1200; room >= NM_FRAME_SHORTEST_END; room--) {
        theirs *frame = end_within(room, &outcome);
        Natsmicro__StreamEnd *end = frame->end;

        assert_string_equal(end->status, "ABORTED");
        assert_int_equal(end->digest, 5);
        assert_true(end->data.len == 0 || end->n_trailers == 20);
        assert_true(end->n_trailers == 0 || strcmp(end->text, outcome.text) == 0);
        assert_true(end->data.len <= last_data && end->n_trailers <= last_trailers);
        last_data = end->data.len;
        last_trailers = end->n_trailers;
        natsmicro__stream_frame__free_unpacked(frame, NULL);
        if (room == 1200)
            assert_true(last_data == 300 && last_trailers == 20);
    }
    assert_true(last_data == 0 && last_trailers < 5);
    nm_headers_clear(&trailers);
}

static void a_text_is_cut_between_characters(void **state)
{
    char code[NM_CODE_LIMIT + 10];
    nm_frame_outcome outcome = {.status = code, .text = "\xc3\xa4\xc3\xa4\xc3\xa4 text"};
    size_t last_text = SIZE_MAX;

    (void)state;
    memset(code, 'C', sizeof(code) - 1);
    code[sizeof(code) - 1] = '\0';
    for (size_t more = NM_FRAME_SHORTEST_END + 21; more > 0; more--) {
        theirs *frame = end_within(more - 1, &outcome);
        size_t length = strlen(frame->end->text);

        assert_int_equal(strlen(frame->end->status), NM_CODE_LIMIT);
        assert_memory_equal(frame->end->text, outcome.text, length);
        assert_true(length <= last_text);
        last_text = length;
        natsmicro__stream_frame__free_unpacked(frame, NULL);
    }
    assert_int_equal(last_text, 0);
}

/* A handler's text may contain anything, and must not make the frame malformed. */
static void codes_and_texts_are_mended(void **state)
{
    nm_frame_outcome outcome = {.status = "no code\n", .text = "line\nbroken \xff"};
    theirs *frame = end_within(1000, &outcome);

    (void)state;
    assert_string_equal(frame->end->status, "no_code_");
    char text[2 * NM_ERROR_TEXT_LIMIT];
    assert_string_equal(frame->end->text, "line broken ?");
    natsmicro__stream_frame__free_unpacked(frame, NULL);

    uint8_t bytes[NM_FRAME_RESET_SIZE];
    uint8_t *at = nm_frame_write_reset(bytes, "CANCELLED", "gave\tup\r");
    nm_frame reset = read_good(bytes, (size_t)(at - bytes));
    assert_true(reset.has_reset);
    assert_bytes(reset.reset.status, "CANCELLED");
    assert_bytes(reset.reset.text, "gave up ");
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    at = nm_frame_write_reset(bytes, text, text);
    assert_int_equal(at - bytes, NM_FRAME_RESET_SIZE);
    reset = read_good(bytes, (size_t)(at - bytes));
    assert_int_equal(reset.reset.status.length, NM_CODE_LIMIT);
    assert_int_equal(reset.reset.text.length, NM_FRAME_RESET_TEXT);
    at = nm_frame_write_reset(bytes, NULL, NULL);
    assert_int_equal(at - bytes, 2);
    assert_true(read_good(bytes, 2).has_reset);
}

/*
 * A peer's headers are given to the user, except those that belong to the protocol or would break a
 * message.
 */
static void only_a_users_headers_are_copied(void **state)
{
    nm_frame frame = READ("\x4a\x06\x0a\x01"
                          "a"
                          "\x12\x01"
                          "1"
                          "\x4a\x0d\x0a\x08"
                          "Reply-To"
                          "\x12\x01"
                          "s"
                          "\x4a\x06\x0a\x01"
                          "b"
                          "\x12\x01"
                          "\n"
                          "\x4a\x03\x0a\x01"
                          "e"
                          "\x20\x01"
                          "\x4a\x06\x12\x01"
                          "2"
                          "\x0a\x01"
                          "c");
    nm_headers headers = NM_HEADERS_INIT;

    (void)state;
    assert_true(nm_frame_copy_headers(nm_frame_headers(&frame), &headers));
    assert_int_equal(headers.count, 2);
    assert_string_equal(nm_headers_get(&headers, "a"), "1");
    assert_string_equal(nm_headers_get(&headers, "c"), "2");
    nm_headers_clear(&headers);
    frame = READ("");
    assert_true(nm_frame_copy_headers(nm_frame_headers(&frame), &headers));
    assert_int_equal(headers.count, 0);
}

/* The user is told of data and trailers that are missing, and of nothing else. */
static void an_end_says_whether_parts_were_left_out(void **state)
{
    (void)state;
    nm_headers trailers = NM_HEADERS_INIT;
    assert_true(nm_headers_set(&trailers, "Name", "value"));
    char text[400];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    nm_frame_outcome complete = {.status = NULL};
    nm_frame_outcome error = {.status = "NOT_FOUND", .text = text};
    nm_frame_outcome with_data = {.status = "NOT_FOUND", .data = {(const uint8_t *)text, 300}};
    nm_frame_outcome with_trailers = {.trailers = &trailers};
    natsmicro__stream_frame__free_unpacked(end_within(1, &complete), NULL);
    assert_false(complete.was_cut);
    natsmicro__stream_frame__free_unpacked(end_within(1, &error), NULL);
    assert_false(error.was_cut);
    natsmicro__stream_frame__free_unpacked(end_within(100, &with_data), NULL);
    assert_true(with_data.was_cut);
    natsmicro__stream_frame__free_unpacked(end_within(1000, &with_data), NULL);
    assert_false(with_data.was_cut);
    natsmicro__stream_frame__free_unpacked(end_within(20, &with_trailers), NULL);
    assert_true(with_trailers.was_cut);
    natsmicro__stream_frame__free_unpacked(end_within(30, &with_trailers), NULL);
    assert_false(with_trailers.was_cut);
    nm_headers_clear(&trailers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_payload_is_an_acknowledgement_of_nothing),
        cmocka_unit_test(what_protobuf_writes_is_read),
        cmocka_unit_test(messages_of_every_length_are_read),
        cmocka_unit_test(messages_apart_from_each_other_are_read_in_order),
        cmocka_unit_test(a_reader_passes_over_what_it_has),
        cmocka_unit_test(unknown_fields_are_passed_over),
        cmocka_unit_test(the_last_of_a_scalar_counts),
        cmocka_unit_test(bytes_that_are_not_the_schemas_are_malformed),
        cmocka_unit_test(encodings_longer_than_need_be_are_malformed),
        cmocka_unit_test(a_second_end_or_reset_is_malformed),
        cmocka_unit_test(messages_and_ends_have_numbers_within_limits),
        cmocka_unit_test(codes_and_texts_are_checked),
        cmocka_unit_test(what_a_side_may_not_send_is_found),
        cmocka_unit_test(damaged_frames_are_read_within_their_bytes),
        cmocka_unit_test(what_is_written_protobuf_reads),
        cmocka_unit_test(a_control_is_never_longer_than_its_limit),
        cmocka_unit_test(an_end_says_whether_parts_were_left_out),
        cmocka_unit_test(an_end_carries_the_outcome),
        cmocka_unit_test(an_end_is_cut_to_fit),
        cmocka_unit_test(a_text_is_cut_between_characters),
        cmocka_unit_test(codes_and_texts_are_mended),
        cmocka_unit_test(only_a_users_headers_are_copied),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
