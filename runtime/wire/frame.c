/*
 * Frame: see frame.h. Reading passes over the payload once. A run of messages is walked in a loop
 * of its own, because it is nearly all of most frames.
 */
#include "wire/frame.h"

#include "base/buffer.h"
#include "base/cursor.h"
#include "base/utf8.h"
#include "wire/names.h"
#include "wire/outgoing.h"

/* Fields, as in stream.proto. */
enum { FRAME_SEQ = 1, FRAME_MESSAGES, FRAME_END, FRAME_ACK, FRAME_MAX_MESSAGES, FRAME_MAX_BYTES };
enum { FRAME_GAP = 7, FRAME_RESET, FRAME_HEADERS };
enum { END_STATUS = 1, END_TEXT, END_DIGEST, END_DATA, END_TRAILERS };
enum { RESET_STATUS = 1, RESET_TEXT };
enum { HEADER_NAME = 1, HEADER_VALUE };

/* All fields of the schema have tags of one byte. */
#define TAG(field, type) ((uint8_t)((field) << 3 | (type)))

#define HEADERS_TAG  TAG(FRAME_HEADERS, NM_WIRE_DELIMITED)
#define TRAILERS_TAG TAG(END_TRAILERS, NM_WIRE_DELIMITED)

_Static_assert(TAG(FRAME_MESSAGES, NM_WIRE_DELIMITED) == NM_FRAME_MESSAGE_TAG,
               "the tag in the header");

static const char cut_off[] = "a field is cut off";
static const char wrong_type[] = "a field has the wrong type";

/* ---- reading ---- */

typedef struct field {
    const uint8_t *at; /* where its tag is */
    uint32_t tag;      /* field number and wire type */
    uint64_t number;   /* the value of a varint or fixed field */
    nm_bytes content;  /* the value of a length-delimited field */
} field;

static const char *take_tag(nm_cursor *s, uint32_t *tag)
{
    const uint8_t *begin = s->at;
    uint64_t number;

    if (!nm_take_varint(s, NM_VARINT32_SIZE, &number))
        return cut_off;
    if (!nm_varint_is_shortest(begin, (size_t)(s->at - begin)))
        return "a tag is longer than necessary";
    if (number >> 3 == 0 || number >> 3 > NM_LARGEST_FIELD_NUMBER)
        return "a field number is out of range";
    *tag = (uint32_t)number;
    return NULL;
}

static bool take_delimited(nm_cursor *s, nm_bytes *content)
{
    uint64_t length;
    nm_cursor taken;

    if (!nm_take_varint(s, NM_VARINT32_SIZE, &length) || !nm_take_bytes(s, length, &taken))
        return false;
    *content = (nm_bytes){taken.at, nm_cursor_left(&taken)};
    return true;
}

/* Takes a field of any number. Returns the fault, or NULL. */
static const char *take_field(nm_cursor *s, field *f)
{
    f->at = s->at;
    const char *why = take_tag(s, &f->tag);
    if (why != NULL)
        return why;
    bool taken;
    switch (f->tag & 7) {
    case NM_WIRE_VARINT:
        taken = nm_take_varint(s, NM_VARINT_SIZE, &f->number);
        break;
    case NM_WIRE_FIXED64:
        taken = nm_take_fixed(s, sizeof(uint64_t), &f->number);
        break;
    case NM_WIRE_DELIMITED:
        taken = take_delimited(s, &f->content);
        break;
    case NM_WIRE_FIXED32:
        taken = nm_take_fixed(s, sizeof(uint32_t), &f->number);
        break;
    default:
        return "a group, or an unknown wire type";
    }
    return taken ? NULL : cut_off;
}

/* Reads a string field. */
static const char *read_text(const field *f, nm_bytes *text)
{
    if ((f->tag & 7) != NM_WIRE_DELIMITED)
        return wrong_type;
    if (!nm_utf8_is_valid(f->content.data, f->content.length))
        return "a text is not UTF-8, or contains NUL";
    *text = f->content;
    return NULL;
}

static const char *read_number(const field *f, unsigned type, uint64_t *number)
{
    if ((f->tag & 7) != type)
        return wrong_type;
    *number = f->number;
    return NULL;
}

static const char *check_status(nm_bytes status)
{
    if (status.length == 0 || nm_code_is_valid(status.data, status.length))
        return NULL;
    return "a status is not a code";
}

/* A header and a reset both consist of two texts, with the same field numbers. */
_Static_assert((int)RESET_STATUS == (int)HEADER_NAME && (int)RESET_TEXT == (int)HEADER_VALUE,
               "read by the same function");

static const char *read_two_texts(nm_bytes bytes, nm_bytes *first, nm_bytes *second)
{
    nm_cursor s = nm_cursor_over(bytes.data, bytes.length);
    const char *why = NULL;
    field f;

    while (why == NULL && s.at < s.end) {
        why = take_field(&s, &f);
        if (why != NULL)
            break;
        if (f.tag >> 3 == HEADER_NAME)
            why = read_text(&f, first);
        else if (f.tag >> 3 == HEADER_VALUE)
            why = read_text(&f, second);
    }
    return why;
}

static const char *read_header(nm_bytes bytes, nm_frame_header *header)
{
    *header = (nm_frame_header){{NULL, 0}, {NULL, 0}};
    return read_two_texts(bytes, &header->name, &header->value);
}

/* Checks one of several headers, and extends `all`, which reaches from the first to the last. */
static const char *read_one_header(const field *f, const nm_cursor *s, nm_bytes *all)
{
    if ((f->tag & 7) != NM_WIRE_DELIMITED)
        return wrong_type;
    if (all->data == NULL)
        all->data = f->at;
    all->length = (size_t)(s->at - (const uint8_t *)all->data);
    nm_frame_header header;
    return read_header(f->content, &header);
}

static const char *read_end(nm_bytes bytes, nm_frame_end *end)
{
    nm_cursor s = nm_cursor_over(bytes.data, bytes.length);
    const char *why = NULL;
    field f;

    while (why == NULL && s.at < s.end) {
        why = take_field(&s, &f);
        if (why != NULL)
            break;
        switch (f.tag >> 3) {
        case END_STATUS:
            why = read_text(&f, &end->status);
            break;
        case END_TEXT:
            why = read_text(&f, &end->text);
            break;
        case END_DIGEST:
            why = read_number(&f, NM_WIRE_FIXED64, &end->digest);
            break;
        case END_DATA:
            why = (f.tag & 7) == NM_WIRE_DELIMITED ? NULL : wrong_type;
            end->data = f.content;
            break;
        case END_TRAILERS:
            why = read_one_header(&f, &s, &end->trailers);
            break;
        default:
            break;
        }
    }
    return why != NULL ? why : check_status(end->status);
}

static const char *read_reset(nm_bytes bytes, nm_frame_reset *reset)
{
    const char *why = read_two_texts(bytes, &reset->status, &reset->text);
    return why != NULL ? why : check_status(reset->status);
}

/* The size of a message's encoding whose length takes several bytes; 0 if it is malformed. */
static size_t long_message_size(const uint8_t *at, const uint8_t *end)
{
    const size_t room = (size_t)(end - at) - 1;
    uint64_t length;
    size_t size = nm_varint_read(at + 1, room, NM_VARINT32_SIZE, &length);

    if (size == 0 || !nm_varint_is_shortest(at + 1, size) || length > room - size)
        return 0;
    return 1 + size + (size_t)length;
}

/* Takes all messages up to the next field of another kind, or to the end. */
static const char *take_messages(nm_cursor *s, nm_frame *frame)
{
    const uint8_t *const begin = s->at;
    const uint8_t *at = begin;
    size_t size = 0;
    size_t count = 0;

    while (at < s->end && at[0] == NM_FRAME_MESSAGE_TAG) {
        size_t room = (size_t)(s->end - at);

        if (room < 2)
            return cut_off;
        size = at[1] < 0x80 ? (size_t)at[1] + 2 : long_message_size(at, s->end);
        if (size == 0 || size > room)
            return "a message is cut off, or its length has more bytes than necessary";
        at += size;
        count++;
    }
    if (frame->messages == NULL)
        frame->messages = begin;
    else if (frame->messages_end != begin)
        frame->contiguous = false;
    frame->messages_end = at;
    frame->messages_size += (size_t)(at - begin);
    frame->last_size = size;
    frame->count += count;
    s->at = at;
    return NULL;
}

static const char *read_nested(const field *f, nm_frame *frame)
{
    bool is_end = f->tag >> 3 == FRAME_END;
    bool *has = is_end ? &frame->has_end : &frame->has_reset;

    if ((f->tag & 7) != NM_WIRE_DELIMITED)
        return wrong_type;
    if (*has)
        return is_end ? "two ends" : "two resets";
    *has = true;
    return is_end ? read_end(f->content, &frame->end) : read_reset(f->content, &frame->reset);
}

static const char *read_field(const field *f, const nm_cursor *s, nm_frame *frame)
{
    uint64_t gap = frame->gap;
    const char *why;

    switch (f->tag >> 3) {
    case FRAME_SEQ:
        return read_number(f, NM_WIRE_VARINT, &frame->seq);
    case FRAME_MESSAGES: /* take_messages takes those of the right type */
        return wrong_type;
    case FRAME_ACK:
        return read_number(f, NM_WIRE_VARINT, &frame->ack);
    case FRAME_MAX_MESSAGES:
        return read_number(f, NM_WIRE_VARINT, &frame->max_messages);
    case FRAME_MAX_BYTES:
        return read_number(f, NM_WIRE_VARINT, &frame->max_bytes);
    case FRAME_GAP:
        why = read_number(f, NM_WIRE_VARINT, &gap);
        frame->gap = gap != 0;
        return why;
    case FRAME_END:
    case FRAME_RESET:
        return read_nested(f, frame);
    case FRAME_HEADERS:
        return read_one_header(f, s, &frame->headers);
    default:
        return NULL;
    }
}

/* Checks the fields that depend on each other. */
static const char *check_numbers(const nm_frame *frame)
{
    if (frame->has_reset || (frame->count == 0 && !frame->has_end))
        return NULL;
    if (frame->seq == 0)
        return "messages or an end without a number";
    if (frame->seq > NM_FRAME_LAST_NUMBER - frame->count)
        return "a number is larger than 2^62";
    return NULL;
}

bool nm_frame_read(const uint8_t *data, size_t length, nm_frame *frame, const char **why)
{
    nm_cursor s = nm_cursor_over(data, length);

    *frame = (nm_frame){.contiguous = true};
    *why = NULL;
    while (*why == NULL && s.at < s.end) {
        if (*s.at == NM_FRAME_MESSAGE_TAG) {
            *why = take_messages(&s, frame);
            continue;
        }
        field f;
        *why = take_field(&s, &f);
        if (*why == NULL)
            *why = read_field(&f, &s, frame);
    }
    if (*why == NULL)
        *why = check_numbers(frame);
    return *why == NULL;
}

const char *nm_frame_breaks(const nm_frame *frame, const nm_frame_rules *rules)
{
    if (frame->has_reset)
        return NULL;
    if (frame->ack > rules->sent)
        return "an acknowledgement of what was never sent";
    if (rules->from_client && frame->has_end && frame->end.status.length > 0)
        return "a caller's end with a status";
    if (rules->without_messages && frame->count > 0)
        return "messages from the caller of a server stream";
    return NULL;
}

bool nm_frame_next_message_slowly(nm_frame_cursor *cursor, const uint8_t **data, size_t *length)
{
    nm_cursor s = {cursor->at, cursor->end};
    field f;

    /* nm_frame_read found no fault, so nothing fails; and the cursor ends with a message. */
    while (s.at < s.end && take_field(&s, &f) == NULL) {
        if (f.tag != NM_FRAME_MESSAGE_TAG)
            continue;
        *data = f.content.data;
        *length = f.content.length;
        cursor->at = s.at;
        return true;
    }
    cursor->at = cursor->end;
    return false;
}

size_t nm_frame_skip(nm_frame_cursor *cursor, uint64_t count)
{
    size_t size = 0;

    const uint8_t *data;
    size_t length;
    for (; count > 0 && nm_frame_next_message(cursor, &data, &length); count--)
        size += nm_frame_message_size(length);
    return size;
}

static nm_frame_header_cursor headers_within(nm_bytes range, uint8_t tag)
{
    nm_cursor s = nm_cursor_over(range.data, range.length);

    return (nm_frame_header_cursor){s.at, s.end, tag};
}

nm_frame_header_cursor nm_frame_headers(const nm_frame *frame)
{
    return headers_within(frame->headers, HEADERS_TAG);
}

nm_frame_header_cursor nm_frame_trailers(const nm_frame *frame)
{
    return headers_within(frame->end.trailers, TRAILERS_TAG);
}

bool nm_frame_next_header(nm_frame_header_cursor *cursor, nm_frame_header *header)
{
    nm_cursor s = {cursor->at, cursor->end};
    field f;

    while (s.at < s.end && take_field(&s, &f) == NULL) {
        cursor->at = s.at;
        if (f.tag == cursor->tag)
            return read_header(f.content, header) == NULL;
    }
    cursor->at = cursor->end;
    return false;
}

/* Copies the bytes to the buffer and returns them as a string; NULL if memory is short. */
static const char *as_string(nm_buffer *buffer, nm_bytes bytes)
{
    nm_buffer_reset(buffer);
    nm_buffer_append(buffer, bytes.data, bytes.length);
    return nm_buffer_string(buffer);
}

bool nm_frame_copy_headers(nm_frame_header_cursor cursor, nm_headers *headers)
{
    nm_buffer name_buffer = NM_BUFFER_INIT;
    nm_buffer value_buffer = NM_BUFFER_INIT;
    bool copied = true;

    nm_frame_header header;
    while (copied && nm_frame_next_header(&cursor, &header)) {
        const char *name = as_string(&name_buffer, header.name);
        const char *value = as_string(&value_buffer, header.value);
        const char *why;

        if (name == NULL || value == NULL)
            copied = false;
        else if (nm_header_check(name, value, &why) == NATSMICRO_OK)
            copied = nm_headers_add(headers, name, value);
    }
    nm_buffer_free(&name_buffer);
    nm_buffer_free(&value_buffer);
    return copied;
}

/* ---- writing ---- */

static uint8_t *put_number(uint8_t *at, unsigned number_of_field, uint64_t value)
{
    if (value == 0)
        return at;
    *at++ = TAG(number_of_field, NM_WIRE_VARINT);
    return nm_varint_write(at, value);
}

uint8_t *nm_frame_write_control(uint8_t *at, const nm_frame_control *control)
{
    at = put_number(at, FRAME_SEQ, control->seq);
    at = put_number(at, FRAME_ACK, control->ack);
    at = put_number(at, FRAME_MAX_MESSAGES, control->max_messages);
    at = put_number(at, FRAME_MAX_BYTES, control->max_bytes);
    return put_number(at, FRAME_GAP, control->gap);
}

/* The size of a length-delimited field whose tag has one byte. */
static size_t delimited_size(size_t length)
{
    return 1 + nm_varint_size(length) + length;
}

/* The same for a field that is left out if it is empty. */
static size_t optional_size(size_t length)
{
    return length == 0 ? 0 : delimited_size(length);
}

static uint8_t *put_bytes(uint8_t *at, unsigned number_of_field, nm_bytes bytes)
{
    if (bytes.length == 0)
        return at;
    *at++ = TAG(number_of_field, NM_WIRE_DELIMITED);
    at = nm_varint_write(at, bytes.length);
    memcpy(at, bytes.data, bytes.length);
    return at + bytes.length;
}

static nm_bytes bytes_of(const char *text)
{
    return (nm_bytes){text, text == NULL ? 0 : strlen(text)};
}

static size_t header_length(const nm_header *header)
{
    return optional_size(strlen(header->name)) + optional_size(strlen(header->value));
}

static size_t headers_size(const nm_headers *headers, size_t count)
{
    size_t size = 0;

    for (size_t i = 0; i < count; i++)
        size += delimited_size(header_length(&headers->items[i]));
    return size;
}

static uint8_t *put_headers(uint8_t *at, uint8_t tag, const nm_headers *headers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const nm_header *header = &headers->items[i];

        *at++ = tag;
        at = nm_varint_write(at, header_length(header));
        at = put_bytes(at, HEADER_NAME, bytes_of(header->name));
        at = put_bytes(at, HEADER_VALUE, bytes_of(header->value));
    }
    return at;
}

size_t nm_frame_headers_size(const nm_headers *headers)
{
    return headers == NULL ? 0 : headers_size(headers, headers->count);
}

uint8_t *nm_frame_write_headers(uint8_t *at, const nm_headers *headers)
{
    return headers == NULL ? at : put_headers(at, HEADERS_TAG, headers, headers->count);
}

/* Makes a code that the wire may carry, in `fit`: other bytes become '_', and it is cut. */
static nm_bytes mend_code(const char *code, char fit[NM_CODE_LIMIT])
{
    size_t length = 0;

    for (; code != NULL && code[length] != '\0' && length < NM_CODE_LIMIT; length++) {
        fit[length] = code[length];
        if (!nm_code_is_valid((const uint8_t *)&fit[length], 1))
            fit[length] = '_';
    }
    return (nm_bytes){fit, length};
}

/* Makes a text that the wire may carry, in `mended`; an empty one if memory is short. */
static nm_bytes mend_text(const char *text, size_t limit, nm_buffer *mended)
{
    nm_buffer_reset(mended);
    if (text != NULL)
        nm_text_for_header(mended, text, limit);
    return (nm_bytes){mended->data, mended->failed ? 0 : mended->length};
}

/* The parts of an end after it was cut. */
typedef struct end_parts {
    nm_bytes status;
    nm_bytes text;
    nm_bytes data;
    size_t trailers; /* their number */
} end_parts;

#define DIGEST_SIZE (1 + sizeof(uint64_t))

static size_t parts_size(const end_parts *parts, const nm_headers *trailers)
{
    return optional_size(parts->status.length) + optional_size(parts->text.length) + DIGEST_SIZE +
           optional_size(parts->data.length) + headers_size(trailers, parts->trailers);
}

/* Leaves out the parts that do not fit. */
static void cut_parts(end_parts *parts, size_t room, const nm_frame_outcome *outcome,
                      nm_buffer *mended)
{
    if (parts_size(parts, outcome->trailers) > room)
        parts->data = (nm_bytes){NULL, 0};
    while (parts->trailers > 0 && parts_size(parts, outcome->trailers) > room)
        parts->trailers--;
    if (parts_size(parts, outcome->trailers) <= room)
        return;
    /* A text of up to NM_ERROR_TEXT_LIMIT bytes has a length of two bytes at most. */
    size_t without_text = optional_size(parts->status.length) + DIGEST_SIZE + 3;
    parts->text = mend_text(outcome->text, room > without_text ? room - without_text : 0, mended);
}

/* What the user gave and misses: a text is shortened without a word. */
static bool has_lost_parts(const end_parts *parts, const nm_frame_outcome *outcome)
{
    size_t trailers = outcome->trailers == NULL ? 0 : outcome->trailers->count;
    return parts->data.length < outcome->data.length || parts->trailers < trailers;
}

uint8_t *nm_frame_write_end(uint8_t *at, size_t room, nm_frame_outcome *outcome)
{
    nm_buffer mended = NM_BUFFER_INIT;
    char code[NM_CODE_LIMIT];
    end_parts parts = {
        .status = mend_code(outcome->status, code),
        .text = mend_text(outcome->text, NM_ERROR_TEXT_LIMIT, &mended),
        .data = outcome->data,
        .trailers = outcome->trailers == NULL ? 0 : outcome->trailers->count,
    };

    size_t head = 1 + nm_varint_size(room);
    cut_parts(&parts, room > head ? room - head : 0, outcome, &mended);
    outcome->was_cut = has_lost_parts(&parts, outcome);
    *at++ = TAG(FRAME_END, NM_WIRE_DELIMITED);
    at = nm_varint_write(at, parts_size(&parts, outcome->trailers));
    at = put_bytes(at, END_STATUS, parts.status);
    at = put_bytes(at, END_TEXT, parts.text);
    *at++ = TAG(END_DIGEST, NM_WIRE_FIXED64);
    for (size_t i = 0; i < sizeof(uint64_t); i++)
        *at++ = (uint8_t)(outcome->digest >> (8 * i));
    at = put_bytes(at, END_DATA, parts.data);
    at = put_headers(at, TRAILERS_TAG, outcome->trailers, parts.trailers);
    nm_buffer_free(&mended);
    return at;
}

uint8_t *nm_frame_write_reset(uint8_t *at, const char *status, const char *text)
{
    nm_buffer mended = NM_BUFFER_INIT;
    char code[NM_CODE_LIMIT];
    nm_bytes fit_status = mend_code(status, code);
    nm_bytes fit_text = mend_text(text, NM_FRAME_RESET_TEXT, &mended);

    *at++ = TAG(FRAME_RESET, NM_WIRE_DELIMITED);
    at = nm_varint_write(at, optional_size(fit_status.length) + optional_size(fit_text.length));
    at = put_bytes(at, RESET_STATUS, fit_status);
    at = put_bytes(at, RESET_TEXT, fit_text);
    nm_buffer_free(&mended);
    return at;
}
