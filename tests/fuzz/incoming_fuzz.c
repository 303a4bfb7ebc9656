/*
 * Fuzzes what a peer's headers are read into: the bytes are a message's headers, as they come, up
 * to the first empty line, and its payload. What was read as fit for the wire must be.
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
    nm_incoming again;
    nm_incoming_read(&again, message);
    check(again.error_code != NULL && again.error_text != NULL);
    check(nm_header_value_is_valid(again.error_code) && nm_header_value_is_valid(again.error_text));
    check(!nm_header_value_is_blank(again.error_code));
    check(!nm_header_value_is_blank(again.error_text));
    natsMsg_free(message);
}

static void read_message(natsMsg *message)
{
    nm_headers headers = NM_HEADERS_INIT;
    nm_error error = NM_ERROR_INIT;

    nm_incoming incoming;
    nm_incoming_read(&incoming, message);
    check(!(incoming.has_sequence && incoming.bad_sequence));
    check(incoming.sequence <= INT64_MAX);
    check_subject(incoming.reply_to);
    check_subject(incoming.stream_inbox);
    check(nm_incoming_user_headers(message, &headers));
    for (size_t i = 0; i < headers.count; i++)
        check(!nm_header_name_is_reserved(headers.items[i].name));
    if (nm_incoming_error(&incoming, &error) != NATSMICRO_OK)
        send_on(&error);
    else
        check(incoming.error_code == NULL && !incoming.no_responders);
    nm_headers_clear(&headers);
    nm_error_clear(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t length = headers_length(data, size);
    natsMsg *message = raw_message("_INBOX.x", data, length, data + length, size - length);

    if (message == NULL)
        return 0;
    read_message(message);
    natsMsg_free(message);
    return 0;
}
