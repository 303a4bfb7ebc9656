/*
 * Incoming: see incoming.h. Whether a value makes sense in the state that a call is in is the
 * call's business.
 *
 * nats.c keeps a message's headers in a hash that it fills at the first question, and knows names
 * only in the case they came in. So the names are listed once, and the values of those that mean
 * something are asked for. Asking for each name we know instead would cost more and miss other
 * spellings.
 */
#include "wire/incoming.h"

#include "wire/names.h"

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
    N_KNOWN,
    UNKNOWN_HEADER = N_KNOWN
} known_header;

static const char *const known_names[N_KNOWN] = {
    [KNOWN_REPLY_TO] = NM_HEADER_REPLY_TO,     [KNOWN_STREAM_INBOX] = NM_HEADER_STREAM_INBOX,
    [KNOWN_STREAM_SEQ] = NM_HEADER_STREAM_SEQ, [KNOWN_STREAM_END] = NM_HEADER_STREAM_END,
    [KNOWN_ERROR] = NM_HEADER_ERROR,           [KNOWN_ERROR_CODE] = NM_HEADER_ERROR_CODE,
    [KNOWN_STATUS] = NM_HEADER_STATUS,         [KNOWN_DESCRIPTION] = NM_HEADER_DESCRIPTION,
    [KNOWN_CONTROL] = NM_HEADER_CONTROL,       [KNOWN_STREAM] = NM_HEADER_STREAM,
};

/* The only known header that a name like this, of this length, can be. */
static known_header candidate(const char *name)
{
    switch (strlen(name)) {
    case sizeof(NM_HEADER_STREAM_SEQ) - 1: /* and Nats-Stream-End */
        return name[12] == 's' || name[12] == 'S' ? KNOWN_STREAM_SEQ : KNOWN_STREAM_END;
    case sizeof(NM_HEADER_STREAM) - 1:
        return KNOWN_STREAM;
    case sizeof(NM_HEADER_REPLY_TO) - 1:
        return KNOWN_REPLY_TO;
    case sizeof(NM_HEADER_STREAM_INBOX) - 1: /* and Natsmicro-Control */
        return name[4] == '-' ? KNOWN_STREAM_INBOX : KNOWN_CONTROL;
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

/* ---- headers without a value ---- */

/* Longer names than any that means something to us. */
#define LONGEST_NAME 256

/* A header that nats.c has taken for the value of the one before. */
typedef struct swallowed {
    char name[LONGEST_NAME];
    const char *value; /* in the message's own bytes */
} swallowed;

/*
 * nats.c before 3.11 skips the line's end behind a header without a value, so that the next line
 * becomes the value: "X-Empty: \r\nReply-To: a" is X-Empty with the value "Reply-To: a". Both lie
 * where they were received, in front of the payload, with the line's end still between them. True:
 * the value is no value, and what it is instead. A value of nats.c's making (a folded one) lies
 * elsewhere.
 */
static bool is_swallowed(natsMsg *message, const char *name, const char *value, swallowed *line)
{
    uintptr_t at = (uintptr_t)value;

    line->value = NULL;
    /* Message and bytes are one block; an address above a name that lies elsewhere says nothing. */
    if (at <= (uintptr_t)message || at <= (uintptr_t)name ||
        at >= (uintptr_t)natsMsg_GetData(message) || value[-1] != '\n')
        return false;
    size_t length = strcspn(value, ":");
    if (value[length] == '\0' || length >= sizeof(line->name))
        return true; /* no header either: dropped */
    memcpy(line->name, value, length);
    line->name[length] = '\0';
    value += length + 1;
    line->value = value + strspn(value, " \t");
    return true;
}

/*
 * Whether nats.c's last failure is that the last header has no value, and it none of the
 * protocol's.
 */
static bool lacks_a_value(natsStatus status)
{
    static const char complaint[] = "no value found for key ";
    const char *text = status == NATS_PROTOCOL_ERROR ? nats_GetLastError(NULL) : NULL;
    const char *name = text != NULL ? strstr(text, complaint) : NULL;

    return name != NULL && !nm_header_name_is_reserved(name + sizeof(complaint) - 1);
}

/* ---- what the headers say ---- */

/* The first value of each known header counts; the spelling that we send goes before others. */
static void note_known(const char *name, const char *value, const char **values)
{
    known_header header = candidate(name);

    if (header == UNKNOWN_HEADER)
        return;
    if (strcmp(name, known_names[header]) == 0 ||
        (values[header] == NULL && nm_header_names_equal(name, known_names[header])))
        values[header] = value;
}

static void read_known(natsMsg *message, const char *const *keys, int count, const char **values)
{
    for (int i = 0; i < count; i++) {
        const char *value = NULL;

        if (natsMsgHeader_Get(message, keys[i], &value) != NATS_OK || value == NULL)
            continue;
        swallowed line;
        if (!is_swallowed(message, keys[i], value, &line)) {
            note_known(keys[i], value, values);
            continue;
        }
        note_known(keys[i], "", values);
        if (line.value != NULL)
            note_known(line.name, line.value, values);
    }
}

/* Digits only, at most 2^63-1. */
static bool parse_sequence(const char *value, uint64_t *sequence)
{
    uint64_t number = 0;

    if (*value == '\0')
        return false;
    for (; *value != '\0'; value++) {
        uint64_t digit = (uint64_t)(*value - '0');

        if (*value < '0' || *value > '9' || number > ((uint64_t)INT64_MAX - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    *sequence = number;
    return true;
}

/*
 * Whether a `Status` tells of an error. Services use the header for nothing else, but the broker
 * and its JetStream put numbers there, of which 1xx and 2xx are none; "OK" cannot be meant as one.
 */
static bool status_is_error(const char *status)
{
    bool is_number = strlen(status) == 3 && strspn(status, "0123456789") == 3;

    if (is_number)
        return status[0] != '1' && status[0] != '2';
    return strcmp(status, "OK") != 0;
}

/*
 * The pair of Nats-Service-Error headers goes first: a peer that sends it means it, and its Status
 * would be a header of its own. A Description alone is none either: both who use that spelling send
 * a Status with it.
 */
static void read_error(nm_incoming *incoming, const char *const *values)
{
    const char *status = values[KNOWN_STATUS];

    if (values[KNOWN_ERROR_CODE] != NULL || values[KNOWN_ERROR] != NULL) {
        incoming->error_code = values[KNOWN_ERROR_CODE] != NULL ? values[KNOWN_ERROR_CODE] : "";
        incoming->error_text = values[KNOWN_ERROR];
        return;
    }
    if (status == NULL || !status_is_error(status))
        return;
    if (incoming->length == 0 && strcmp(status, "503") == 0) {
        incoming->no_responders = true;
        return;
    }
    incoming->error_code = status;
    incoming->error_text = values[KNOWN_DESCRIPTION];
}

static void read_headers(nm_incoming *incoming, const char *const *values)
{
    const char *sequence = values[KNOWN_STREAM_SEQ];
    const char *end = values[KNOWN_STREAM_END];

    if (sequence != NULL) {
        incoming->has_sequence = parse_sequence(sequence, &incoming->sequence);
        incoming->bad_sequence = !incoming->has_sequence;
    }
    incoming->end = end != NULL && strcmp(end, "true") == 0;
    incoming->reply_to = values[KNOWN_REPLY_TO];
    incoming->stream_inbox = values[KNOWN_STREAM_INBOX];
    incoming->control = values[KNOWN_CONTROL];
    incoming->stream = values[KNOWN_STREAM];
    read_error(incoming, values);
}

/*
 * nats.c before 3.11 fails at a header without a value, and that is how other services send an
 * error with an empty text. Asked again, it goes on behind the header it failed at: an error found
 * so is the error. Else the message is one: taken for a message without headers, it could pass for
 * a success.
 */
static void read_malformed(nm_incoming *incoming, natsMsg *message)
{
    const char *values[N_KNOWN] = {NULL};
    const char **keys = NULL;
    int count = 0;

    if (natsMsgHeader_Keys(message, &keys, &count) == NATS_OK) {
        read_known(message, keys, count, values);
        free(keys);
        read_error(incoming, values);
    }
    if (incoming->error_code != NULL || incoming->no_responders)
        return;
    incoming->malformed = true;
    incoming->error_code = natsmicro_status_name(NATSMICRO_INTERNAL);
    incoming->error_text = "the message's headers cannot be read";
}

void nm_incoming_read(nm_incoming *incoming, natsMsg *message)
{
    const char *values[N_KNOWN] = {NULL};
    const char **keys = NULL;
    int count = 0;

    memset(incoming, 0, sizeof(*incoming));
    incoming->subject = natsMsg_GetSubject(message);
    incoming->reply = natsMsg_GetReply(message);
    incoming->data = (const uint8_t *)natsMsg_GetData(message);
    incoming->length = (size_t)natsMsg_GetDataLength(message);

    natsStatus status = natsMsgHeader_Keys(message, &keys, &count);
    if (status != NATS_OK && status != NATS_NOT_FOUND && lacks_a_value(status))
        status = natsMsgHeader_Keys(message, &keys, &count); /* goes on behind it: the rest */
    if (status == NATS_NOT_FOUND)
        return;
    if (status != NATS_OK) {
        read_malformed(incoming, message);
        return;
    }
    read_known(message, keys, count, values);
    free(keys);
    read_headers(incoming, values);
}

static bool add_value(natsMsg *message, const char *name, const char *value, nm_headers *headers)
{
    swallowed line;

    if (!is_swallowed(message, name, value, &line))
        return nm_headers_add(headers, name, value);
    return nm_headers_add(headers, name, "") &&
           (line.value == NULL || nm_header_name_is_reserved(line.name) ||
            nm_headers_add(headers, line.name, line.value));
}

static bool add_all_values(natsMsg *message, const char *name, nm_headers *headers)
{
    const char **values = NULL;
    int count = 0;
    bool added = true;
    natsStatus status = natsMsgHeader_Values(message, name, &values, &count);

    if (status != NATS_OK)
        return status != NATS_NO_MEMORY;
    for (int i = 0; i < count && added; i++)
        added = add_value(message, name, values[i] == NULL ? "" : values[i], headers);
    free(values);
    return added;
}

bool nm_incoming_user_headers(natsMsg *message, nm_headers *headers)
{
    const char **keys = NULL;
    int count = 0;
    bool added = true;
    natsStatus status = natsMsgHeader_Keys(message, &keys, &count);

    if (status != NATS_OK)
        return status != NATS_NO_MEMORY;
    for (int i = 0; i < count && added; i++)
        if (!nm_header_name_is_reserved(keys[i]))
            added = add_all_values(message, keys[i], headers);
    free(keys);
    return added;
}

natsmicro_status nm_incoming_error(const nm_incoming *incoming, nm_error *error)
{
    nm_error_clear(error);
    if (incoming->no_responders)
        return nm_error_set(error, NATSMICRO_UNAVAILABLE, "nobody is listening");
    if (incoming->error_code == NULL)
        return NATSMICRO_OK;
    nm_error_set_code(error, incoming->error_code, incoming->error_text);
    if (!incoming->malformed)
        nm_error_set_data(error, incoming->data, incoming->length);
    return error->status;
}

bool nm_incoming_is_no_responders(natsMsg *message)
{
    return natsMsg_IsNoResponders(message);
}
