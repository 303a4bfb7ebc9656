/*
 * Message: one NATS message, as it was recorded, as it is expected, or as it was seen; and the
 * names that stand for subjects which differ from one run to the next ("$INBOX1").
 *
 * Plain values of fixed size: a message can be copied by assignment; only the payload is shared,
 * and lives until the program's end of the recording or mailbox that made it.
 */
#ifndef VECTORS_MESSAGE_H
#define VECTORS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MESSAGE_HEADERS 8

typedef struct header {
    char name[48];
    char value[400];
} header;

typedef struct wire_message {
    bool from_caller;
    char subject[192];
    char reply[192]; /* "": none */
    header headers[MESSAGE_HEADERS];
    size_t header_count;
    char raw[640]; /* the header block as bytes, "": none */
    const uint8_t *payload;
    size_t length;
    const char *json; /* the payload if it is JSON, to be compared by meaning; NULL */

    /* ---- of an expected message ---- */
    bool may_repeat; /* it may be published more than once */
    int at_least;    /* how often it must be published; 0 counts as once */
} wire_message;

/* The value of the first header of that name, in this case; NULL. */
const char *message_header(const wire_message *self, const char *name);

/* Sets or adds it; the raw block no longer says all. */
void message_set_header(wire_message *self, const char *name, const char *value);
void message_remove_header(wire_message *self, const char *name);

/* One line for a reader. */
void message_print(const char *what, const wire_message *self);

/* ---- names ---- */

#define NAMES 32

typedef struct names {
    struct {
        char name[32];
        char real[192];
    } list[NAMES];
    size_t count;
} names;

/* What a name stands for, or NULL. */
const char *names_real(const names *self, const char *name);

/* From now on the name stands for `real`. */
void names_bind(names *self, const char *name, const char *real);

/* Replaces the names in a text by what they stand for; false when one is not bound. */
bool names_expand(const names *self, const char *text, char *out, size_t size);

/*
 * Whether a message that was seen is the expected one: subject, NATS reply, headers in any order,
 * payload. A name that stands for nothing yet is bound to what was seen in its place. An expected
 * value that ends with an asterisk says how the value begins. On a difference `why` says the first
 * one.
 */
bool message_matches(const wire_message *expected, const wire_message *seen, names *bound,
                     char *why, size_t size);

#endif
