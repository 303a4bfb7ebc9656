/*
 * Fuzzes what a peer's headers are read into: the bytes are a message's headers, as they come, up
 * to the first empty line, and its payload. What was read as fit for the wire must be; the reader
 * stays within the headers, and writes nothing.
 */
#include "unit/raw_message.h"

#include "wire/incoming.h"
#include "wire/names.h"
#include "wire/outgoing.h"
#include "wire/subject.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* nats.c's own; what natsMsg_Destroy would do, but later, on a thread. */
void natsMsg_free(void *message);

static void check(bool holds)
{
    if (!holds)
        abort();
}

/* The length of the headers, their empty line included; all of it when there is none. */
static size_t headers_length(const uint8_t *data, size_t size)
{
    for (size_t i = 4; i <= size; i++)
        if (memcmp(data + i - 4, "\r\n\r\n", 4) == 0)
            return i;
    return size;
}

static void check_subject(const char *subject)
{
    static const char *const prefixes[] = {"_INBOX.", NULL};

    if (subject == NULL || !nm_subject_from_header_is_allowed(subject, prefixes))
        return;
    check(strncmp(subject, "_INBOX.", 7) == 0 && strlen(subject) > 7);
    check(strpbrk(subject, "\r\n\t *>") == NULL);
}

/* The error, sent on, is an error still, and its headers are whole. */
static void send_on(const nm_error *error)
{
    const nm_outgoing outgoing = {.subject = "s", .error = error};
    natsMsg *message = NULL;

    check(nm_outgoing_compose(&message, &outgoing) == NATS_OK);
    natsMsg *received = as_received(message);
    check(received != NULL);
    nm_error read = NM_ERROR_INIT;
    nm_incoming again;
    nm_incoming_read(&again, received, NM_HEADER_LIMIT);
    check(nm_incoming_error(&again, &read) != NATSMICRO_OK && again.malformed == NULL);
    check(nm_header_value_is_valid(again.error_code) &&
          !nm_header_value_is_blank(again.error_code));
    const char *text = nm_error_text(&read);
    check(nm_header_value_is_valid(text) && !nm_header_value_is_blank(text));
    nm_error_clear(&read);
    natsMsg_free(received);
    natsMsg_free(message);
}

static void read_message(natsMsg *message)
{
    nm_headers headers = NM_HEADERS_INIT;
    nm_error error = NM_ERROR_INIT;

    nm_incoming incoming;
    nm_incoming_read(&incoming, message, NM_HEADER_LIMIT);
    check(!(incoming.has_sequence && incoming.bad_sequence));
    check(incoming.sequence <= INT64_MAX);
    check(incoming.timeout_ms >= 0 && incoming.timeout_ms <= NM_TIMEOUT_LIMIT);
    check(incoming.timeout != NULL || incoming.timeout_ms == 0);
    check_subject(incoming.reply_to);
    check_subject(incoming.stream_inbox);
    check(nm_incoming_user_headers(message, NM_HEADER_LIMIT, &headers));
    for (size_t i = 0; i < headers.count; i++)
        check(!nm_header_name_is_reserved(headers.items[i].name));
    if (nm_incoming_error(&incoming, &error) != NATSMICRO_OK)
        send_on(&error);
    else
        check(incoming.error_code == NULL && !incoming.no_responders);
    nm_headers_clear(&headers);
    nm_error_clear(&error);
}

/* ---- the block alone ---- */

/* A piece is part of the block, and after what has been read. Returns its end. */
static const char *check_piece(nm_bytes piece, const char *from, nm_bytes block)
{
    const char *begin = piece.data;
    const char *end = begin + piece.length;

    check(begin >= from && end <= (const char *)block.data + block.length);
    return end;
}

static void check_value(nm_bytes value)
{
    char *copy = malloc(value.length + 1);

    check(copy != NULL);
    size_t length = nm_header_value_copy(value, copy);
    check(length <= value.length && strlen(copy) == length && strchr(copy, '\n') == NULL);
    check(length == 0 || (copy[0] != ' ' && copy[length - 1] != ' '));
    free(copy);
}

/* The pieces come in order, so no byte belongs to two; where the reader stops, it stays. */
static void read_block(nm_bytes block)
{
    nm_header_reader reader;
    nm_bytes name;
    nm_bytes value;

    nm_header_reader_begin(&reader, block, &name, &value);
    check(name.length <= 3);
    const char *at = check_piece(name, block.data, block);
    if (value.length > 0)
        at = check_piece(value, at, block);
    while (nm_header_reader_next(&reader, &name, &value)) {
        check(name.length > 0 && memchr(name.data, ':', name.length) == NULL);
        at = check_piece(name, at, block);
        at = check_piece(value, at, block);
        check_value(value);
    }
    check(!nm_header_reader_next(&reader, &name, &value));
}

/*
 * Finds and reads the block in memory of exactly a message's size, with the payload named or, where
 * it is empty, not. Nothing may change there.
 */
static void find_block(const uint8_t *headers, size_t length, size_t payload_length, bool named)
{
    size_t front = length == 0 ? 2 : 2 + length + 1;
    size_t size = front + payload_length + 1;
    char *message = calloc(1, size);
    char *before = malloc(size);

    check(message != NULL && before != NULL);
    message[0] = 's';
    if (length > 0)
        memcpy(message + 2, headers, length);
    memcpy(before, message, size);
    const char *payload = named ? message + front : NULL;
    nm_bytes block;
    if (nm_header_block_find(message, NULL, payload, NM_HEADER_LIMIT, &block) ==
        NM_HEADER_BLOCK_FOUND) {
        check(block.data == message + 2 && block.length <= length);
        check(!named || block.length == length);
        read_block(block);
    }
    check(nm_header_block_front(message, NULL, payload) <= front);
    check(memcmp(before, message, size) == 0);
    free(before);
    free(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t length = headers_length(data, size);
    natsMsg *message = raw_message("_INBOX.x", data, length, data + length, size - length);

    if (message == NULL)
        return 0;
    read_message(message);
    natsMsg_free(message);
    find_block(data, length, size - length, true);
    find_block(data, length, 0, true);
    find_block(data, length, 0, false);
    return 0;
}
