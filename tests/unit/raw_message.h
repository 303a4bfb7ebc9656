/*
 * Raw message: a message as it comes from the broker, with header bytes that nats.c has not parsed
 * yet. nats.c exports the function that makes one, but declares it in no public header.
 */
#ifndef TESTS_UNIT_RAW_MESSAGE_H
#define TESTS_UNIT_RAW_MESSAGE_H

#include <nats/nats.h>
#include <stdlib.h>
#include <string.h>

natsStatus natsMsg_create(natsMsg **message, const char *subject, int subject_length,
                          const char *reply, int reply_length, const char *headers_and_data,
                          int length, int headers_length);

/* Makes a message; a length of 0 is no headers. NULL: no memory. */
static inline natsMsg *raw_message(const char *subject, const void *headers, size_t headers_length,
                                   const void *data, size_t length)
{
    natsMsg *message = NULL;
    char *both = malloc(headers_length + length + 1);

    if (both == NULL)
        return NULL;
    if (headers_length > 0)
        memcpy(both, headers, headers_length);
    if (length > 0)
        memcpy(both + headers_length, data, length);
    if (natsMsg_create(&message, subject, (int)strlen(subject), NULL, 0, both,
                       (int)(headers_length + length),
                       headers_length == 0 ? -1 : (int)headers_length) != NATS_OK)
        message = NULL;
    free(both);
    return message;
}

#endif
