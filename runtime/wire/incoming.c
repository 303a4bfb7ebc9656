/*
 * Incoming: see incoming.h. Whether a value makes sense in the state that a call is in is the
 * call's business.
 */
#include "wire/incoming.h"

#include "wire/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum known_header {
    KNOWN_REPLY_TO,
    KNOWN_STREAM_INBOX,
    KNOWN_STREAM_SEQ,
    KNOWN_STREAM_END,
    KNOWN_ERROR,
    KNOWN_ERROR_CODE,
    KNOWN_STATUS,
    KNOWN_DESCRIPTION,
    KNOWN_CONTROL,
    KNOWN_STREAM,
    KNOWN_TIMEOUT,
    KNOWN_SERVICE,
    N_KNOWN,
    UNKNOWN_HEADER = N_KNOWN
} known_header;

static const char *const known_names[N_KNOWN] = {
    [KNOWN_REPLY_TO] = NM_HEADER_REPLY_TO,     [KNOWN_STREAM_INBOX] = NM_HEADER_STREAM_INBOX,
    [KNOWN_STREAM_SEQ] = NM_HEADER_STREAM_SEQ, [KNOWN_STREAM_END] = NM_HEADER_STREAM_END,
    [KNOWN_ERROR] = NM_HEADER_ERROR,           [KNOWN_ERROR_CODE] = NM_HEADER_ERROR_CODE,
    [KNOWN_STATUS] = NM_HEADER_STATUS,         [KNOWN_DESCRIPTION] = NM_HEADER_DESCRIPTION,
    [KNOWN_CONTROL] = NM_HEADER_CONTROL,       [KNOWN_STREAM] = NM_HEADER_STREAM,
    [KNOWN_TIMEOUT] = NM_HEADER_TIMEOUT,       [KNOWN_SERVICE] = NM_HEADER_SERVICE,
};

/* The only known header that a name like this, of this length, can be. */
static known_header candidate(nm_bytes header)
{
    const char *name = header.data;

    switch (header.length) {
    case sizeof(NM_HEADER_STREAM_SEQ) - 1: /* and Nats-Stream-End */
        return name[12] == 's' || name[12] == 'S' ? KNOWN_STREAM_SEQ : KNOWN_STREAM_END;
    case sizeof(NM_HEADER_STREAM) - 1:
        return KNOWN_STREAM;
    case sizeof(NM_HEADER_REPLY_TO) - 1:
        return KNOWN_REPLY_TO;
    case sizeof(NM_HEADER_STREAM_INBOX) - 1: /* and Natsmicro-Control, -Service, -Timeout */
        if (name[4] == '-')
            return KNOWN_STREAM_INBOX;
        if (name[10] == 'c' || name[10] == 'C')
            return KNOWN_CONTROL;
        return name[10] == 's' || name[10] == 'S' ? KNOWN_SERVICE : KNOWN_TIMEOUT;
    case sizeof(NM_HEADER_ERROR) - 1:
        return KNOWN_ERROR;
    case sizeof(NM_HEADER_ERROR_CODE) - 1:
        return KNOWN_ERROR_CODE;
    case sizeof(NM_HEADER_STATUS) - 1:
        return KNOWN_STATUS;
    case sizeof(NM_HEADER_DESCRIPTION) - 1:
        return KNOWN_DESCRIPTION;
    default:
        return UNKNOWN_HEADER;
    }
}

/* ---- what the headers say ---- */

/* The values of known headers; those that are not there have no data. */
typedef struct known_values {
    nm_bytes values[N_KNOWN];
    unsigned exact; /* bits: the value came with the name spelled as we send it */
} known_values;

/* The first value of each known header counts; the spelling that we send goes before others. */
static void note_known(known_values *known, nm_bytes name, nm_bytes value)
{
    known_header header = candidate(name);
    if (header == UNKNOWN_HEADER || (known->exact >> header & 1) != 0)
        return;
    if (memcmp(name.data, known_names[header], name.length) == 0)
        known->exact |= 1U << header;
    else if (known->values[header].data != NULL || !nm_header_name_is(name, known_names[header]))
        return;
    known->values[header] = value;
}

/* A status in the first line goes before headers of the name. False: the block is malformed. */
static bool read_known(nm_bytes block, known_values *known)
{
    nm_header_reader reader;
    nm_bytes status;
    nm_bytes description;
    nm_header_reader_begin(&reader, block, &status, &description);
    nm_bytes name;
    nm_bytes value;
    while (nm_header_reader_next(&reader, &name, &value))
        note_known(known, name, value);
    if (status.length > 0)
        known->values[KNOWN_STATUS] = status;
    if (description.length > 0)
        known->values[KNOWN_DESCRIPTION] = description;
    return !reader.malformed;
}

static bool is_text(nm_bytes value, const char *text)
{
    return value.length == strlen(text) && memcmp(value.data, text, value.length) == 0;
}

/* Digits only, at most 2^63-1. */
static bool parse_sequence(nm_bytes value, uint64_t *sequence)
{
    const char *at = value.data;
    uint64_t number = 0;

    for (size_t i = 0; i < value.length; i++) {
        uint64_t digit = (uint64_t)(at[i] - '0');

        if (at[i] < '0' || at[i] > '9' || number > ((uint64_t)INT64_MAX - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    *sequence = number;
    return value.length > 0;
}

/* 0: it is no number of milliseconds that a caller may wait. */
static int64_t parse_timeout(nm_bytes value)
{
    uint64_t ms = 0;

    return parse_sequence(value, &ms) && ms <= NM_TIMEOUT_LIMIT ? (int64_t)ms : 0;
}

/*
 * Whether a `Status` tells of an error. Services use the header for nothing else, but the broker
 * and its JetStream put numbers there, of which 1xx and 2xx are none; "OK" cannot be meant as one.
 */
static bool status_is_error(nm_bytes status)
{
    const char *digits = status.data;
    bool is_number = status.length == 3;

    for (size_t i = 0; i < status.length; i++)
        is_number = is_number && digits[i] >= '0' && digits[i] <= '9';
    if (is_number)
        return digits[0] != '1' && digits[0] != '2';
    return !is_text(status, "OK");
}

/* Where strings for an nm_incoming are written. */
typedef struct word_writer {
    char *at;
    size_t room;
    bool failed;
} word_writer;

/* A value as a string; NULL: it is not there, or has no room. */
static const char *write_word(word_writer *writer, nm_bytes value)
{
    char *word = writer->at;

    if (value.data == NULL)
        return NULL;
    if (value.length >= writer->room) {
        writer->failed = true;
        return NULL;
    }
    size_t size = nm_header_value_copy(value, word) + 1;
    writer->at += size;
    writer->room -= size;
    return word;
}

/*
 * The pair of Nats-Service-Error headers goes first: a peer that sends it means it, and its Status
 * would be a header of its own. A Description alone is none either: both who use that spelling send
 * a Status with it.
 */
static void read_error(nm_incoming *incoming, const nm_bytes *values, word_writer *writer)
{
    nm_bytes status = values[KNOWN_STATUS];

    if (values[KNOWN_ERROR_CODE].data != NULL || values[KNOWN_ERROR].data != NULL) {
        const char *code = write_word(writer, values[KNOWN_ERROR_CODE]);
        incoming->error_code = code != NULL ? code : "";
        incoming->error_text = values[KNOWN_ERROR];
        return;
    }
    if (status.data == NULL || !status_is_error(status))
        return;
    if (incoming->length == 0 && is_text(status, "503")) {
        incoming->no_responders = true;
        return;
    }
    incoming->error_code = write_word(writer, status);
    incoming->error_text = values[KNOWN_DESCRIPTION];
}

/* False: the words have no room. */
static bool read_values(nm_incoming *incoming, const nm_bytes *values)
{
    word_writer writer = {incoming->words, sizeof(incoming->words), false};
    nm_bytes sequence = values[KNOWN_STREAM_SEQ];

    if (sequence.data != NULL) {
        incoming->has_sequence = parse_sequence(sequence, &incoming->sequence);
        incoming->bad_sequence = !incoming->has_sequence;
    }
    incoming->end = is_text(values[KNOWN_STREAM_END], "true");
    incoming->reply_to = write_word(&writer, values[KNOWN_REPLY_TO]);
    incoming->stream_inbox = write_word(&writer, values[KNOWN_STREAM_INBOX]);
    incoming->control = write_word(&writer, values[KNOWN_CONTROL]);
    incoming->stream = write_word(&writer, values[KNOWN_STREAM]);
    incoming->service = write_word(&writer, values[KNOWN_SERVICE]);
    incoming->timeout = write_word(&writer, values[KNOWN_TIMEOUT]);
    incoming->timeout_ms = parse_timeout(values[KNOWN_TIMEOUT]);
    read_error(incoming, values, &writer);
    return !writer.failed;
}

/* ---- messages ---- */

static void clear(nm_incoming *incoming, natsMsg *message)
{
    memset(incoming, 0, offsetof(nm_incoming, words));
    incoming->subject = natsMsg_GetSubject(message);
    incoming->reply = natsMsg_GetReply(message);
    incoming->data = (const uint8_t *)natsMsg_GetData(message);
    incoming->length = (size_t)natsMsg_GetDataLength(message);
}

/* NULL, or why they are refused: then some of them may have been read. */
static const char *read_headers(nm_incoming *incoming, size_t limit)
{
    nm_bytes block;
    nm_header_block_state state = nm_header_block_find(incoming->subject, incoming->reply,
                                                       (const char *)incoming->data, limit, &block);
    if (state == NM_HEADER_BLOCK_NONE)
        return NULL;
    if (state == NM_HEADER_BLOCK_TOO_LONG) {
        snprintf(incoming->words, sizeof(incoming->words),
                 "the message's headers are longer than max_header_bytes, %zu", limit);
        return incoming->words;
    }
    known_values known = {0};
    if (state == NM_HEADER_BLOCK_MALFORMED || !read_known(block, &known))
        return "the message's headers cannot be read";
    return read_values(incoming, known.values)
               ? NULL
               : "the message's headers of the protocol are too long";
}

void nm_incoming_read(nm_incoming *incoming, natsMsg *message, size_t limit)
{
    clear(incoming, message);
    const char *fault = read_headers(incoming, limit);
    if (fault == NULL)
        return;
    /* Nothing is believed of such a message; and without an error it could pass for a success. */
    clear(incoming, message);
    incoming->malformed = fault;
    incoming->error_code = natsmicro_status_name(NATSMICRO_INTERNAL);
}

/* Where the text ends that comes after `part` in the payload; NULL: it is not there. */
static const char *find_after(const nm_incoming *incoming, const char *part)
{
    size_t length = strlen(part);
    for (size_t i = 0; i + length <= incoming->length; i++)
        if (memcmp(incoming->data + i, part, length) == 0)
            return (const char *)incoming->data + i + length;
    return NULL;
}

#define LONGEST_OF_JETSTREAM 1024

bool nm_incoming_is_of_jetstream(const nm_incoming *incoming, nm_bytes *stream)
{
    static const char *const beginnings[] = {"{\"stream\":\"", "{\"error\":{"};
    const char *data = (const char *)incoming->data;
    size_t length = incoming->length;
    if (length < strlen(beginnings[0]) || length > LONGEST_OF_JETSTREAM || incoming->has_sequence ||
        (memcmp(data, beginnings[0], strlen(beginnings[0])) != 0 &&
         memcmp(data, beginnings[1], strlen(beginnings[1])) != 0))
        return false;
    const char *name = find_after(incoming, "\"stream\":\"");
    if (name == NULL || find_after(incoming, "\"seq\":") == NULL)
        return false;
    const char *end = memchr(name, '"', (size_t)(data + length - name));
    *stream = (nm_bytes){name, end != NULL ? (size_t)(end - name) : 0};
    return end != NULL;
}

bool nm_incoming_is_no_responders(natsMsg *message)
{
    if (natsMsg_GetDataLength(message) > 0)
        return false;
    nm_incoming incoming;
    nm_incoming_read(&incoming, message, NM_HEADER_LIMIT);
    return incoming.no_responders;
}

static bool is_well_formed(nm_bytes block)
{
    nm_header_reader reader;
    nm_bytes name;
    nm_bytes value;
    nm_header_reader_begin(&reader, block, &name, &value);
    while (nm_header_reader_next(&reader, &name, &value))
        continue;
    return !reader.malformed;
}

/* NULL: memory is short. */
static char *copy_value(nm_bytes value)
{
    char *copy = malloc(value.length + 1);

    if (copy != NULL)
        nm_header_value_copy(value, copy);
    return copy;
}

bool nm_incoming_user_headers(natsMsg *message, size_t limit, nm_headers *headers)
{
    nm_bytes block;
    nm_header_block_state state =
        nm_header_block_find(natsMsg_GetSubject(message), natsMsg_GetReply(message),
                             natsMsg_GetData(message), limit, &block);
    if (state != NM_HEADER_BLOCK_FOUND || !is_well_formed(block))
        return true;
    nm_header_reader reader;
    nm_bytes name;
    nm_bytes value;
    nm_header_reader_begin(&reader, block, &name, &value); /* a status is the protocol's */
    while (nm_header_reader_next(&reader, &name, &value))
        if (!nm_header_bytes_are_reserved(name) &&
            !nm_headers_take(headers, strndup(name.data, name.length), copy_value(value)))
            return false;
    return true;
}

natsmicro_status nm_incoming_error(const nm_incoming *incoming, nm_error *error)
{
    nm_error_clear(error);
    if (incoming->no_responders)
        return nm_error_set(error, NATSMICRO_UNAVAILABLE, "nobody is listening");
    if (incoming->malformed != NULL)
        return nm_error_set_code(error, incoming->error_code, incoming->malformed);
    if (incoming->error_code == NULL)
        return NATSMICRO_OK;
    nm_bytes text = incoming->error_text;
    char *copy = text.data != NULL ? copy_value(text) : NULL; /* short memory loses the text */
    nm_error_set_code(error, incoming->error_code, copy);
    free(copy);
    nm_error_set_data(error, incoming->data, incoming->length);
    return error->status;
}
