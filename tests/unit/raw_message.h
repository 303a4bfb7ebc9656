/*
 * Raw message: a message as it comes from the broker, with header bytes that nats.c has not parsed
 * yet. nats.c exports the function that makes one, but declares it in no public header.
 */
#ifndef TESTS_UNIT_RAW_MESSAGE_H
#define TESTS_UNIT_RAW_MESSAGE_H

#include <nats/nats.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

natsStatus natsMsg_create(natsMsg **message, const char *subject, int subject_length,
                          const char *reply, int reply_length, const char *headers_and_data,
                          int length, int headers_length);

/* Makes a message; `reply` may be NULL. A length of 0 is no headers. NULL: no memory. */
static inline natsMsg *raw_request(const char *subject, const char *reply, const void *headers,
                                   size_t headers_length, const void *data, size_t length)
{
    natsMsg *message = NULL;
    char *both = malloc(headers_length + length + 1);

    if (both == NULL)
        return NULL;
    if (headers_length > 0)
        memcpy(both, headers, headers_length);
    if (length > 0)
        memcpy(both + headers_length, data, length);
    if (natsMsg_create(&message, subject, (int)strlen(subject), reply,
                       reply == NULL ? 0 : (int)strlen(reply), both, (int)(headers_length + length),
                       headers_length == 0 ? -1 : (int)headers_length) != NATS_OK)
        message = NULL;
    free(both);
    return message;
}

/* Does the same without a reply. */
static inline natsMsg *raw_message(const char *subject, const void *headers, size_t headers_length,
                                   const void *data, size_t length)
{
    return raw_request(subject, NULL, headers, headers_length, data, length);
}

/* Appends all headers of a name to `block`; returns the new length. */
static inline size_t write_header(natsMsg *message, const char *name, char *block, size_t length,
                                  size_t size)
{
    const char **values = NULL;
    int count = 0;

    if (natsMsgHeader_Values(message, name, &values, &count) != NATS_OK)
        return length;
    for (int i = 0; i < count && length < size; i++)
        length += (size_t)snprintf(block + length, size - length, "%s: %s\r\n", name, values[i]);
    free((void *)values);
    return length;
}

/*
 * Makes the message that the other side receives when this one, made to be sent, is published.
 * Aborts when its headers have more than 64 KiB.
 */
static inline natsMsg *as_received(natsMsg *sent)
{
    static char block[65536];
    const char **names = NULL;
    int count = 0;
    size_t length = 0;

    if (natsMsgHeader_Keys(sent, &names, &count) == NATS_OK)
        length = (size_t)snprintf(block, sizeof(block), "NATS/1.0\r\n");
    for (int i = 0; i < count; i++)
        length = write_header(sent, names[i], block, length, sizeof(block));
    free((void *)names);
    if (length > 0 && length < sizeof(block))
        length += (size_t)snprintf(block + length, sizeof(block) - length, "\r\n");
    if (length >= sizeof(block))
        abort();
    return raw_request(natsMsg_GetSubject(sent), natsMsg_GetReply(sent), block, length,
                       natsMsg_GetData(sent), (size_t)natsMsg_GetDataLength(sent));
}

#endif
