/*
 * Message: see message.h.
 */
#include "vectors/message.h"

#include "support/process.h"
#include "vectors/json.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* ---- headers ---- */

static header *find(wire_message *self, const char *name)
{
    for (size_t i = 0; i < self->header_count; i++)
        if (strcmp(self->headers[i].name, name) == 0)
            return &self->headers[i];
    return NULL;
}

const char *message_header(const wire_message *self, const char *name)
{
    for (size_t i = 0; i < self->header_count; i++)
        if (strcmp(self->headers[i].name, name) == 0)
            return self->headers[i].value;
    return NULL;
}

void message_set_header(wire_message *self, const char *name, const char *value)
{
    header *at = find(self, name);
    if (at == NULL) {
        if (self->header_count == MESSAGE_HEADERS)
            support_die("a message with more than %d headers", MESSAGE_HEADERS);
        at = &self->headers[self->header_count++];
    }
    snprintf(at->name, sizeof(at->name), "%s", name);
    snprintf(at->value, sizeof(at->value), "%s", value);
}

void message_remove_header(wire_message *self, const char *name)
{
    header *at = find(self, name);
    if (at != NULL)
        *at = self->headers[--self->header_count];
}

void message_print(const char *what, const wire_message *self)
{
    printf("# %s %s", what, self->subject);
    if (self->reply[0] != '\0')
        printf(" reply %s", self->reply);
    for (size_t i = 0; i < self->header_count; i++)
        printf(" [%s: %s]", self->headers[i].name, self->headers[i].value);
    printf(" %zu bytes:", self->length);
    for (size_t i = 0; i < self->length && i < 32; i++)
        printf(" %02x", self->payload[i]);
    printf("\n");
}

/* ---- names ---- */

const char *names_real(const names *self, const char *name)
{
    for (size_t i = 0; i < self->count; i++)
        if (strcmp(self->list[i].name, name) == 0)
            return self->list[i].real;
    return NULL;
}

void names_bind(names *self, const char *name, const char *real)
{
    if (self->count == NAMES)
        support_die("more than %d names in a recording", NAMES);
    snprintf(self->list[self->count].name, sizeof(self->list[0].name), "%s", name);
    snprintf(self->list[self->count].real, sizeof(self->list[0].real), "%s", real);
    self->count++;
}

/* The name that begins here: a dollar, upper-case letters, then digits ("$INBOX1", not "$SRV"). */
static size_t name_length(const char *text)
{
    size_t letters = 1;
    if (text[0] != '$')
        return 0;
    while (isupper((unsigned char)text[letters]))
        letters++;
    size_t length = letters;
    while (isdigit((unsigned char)text[length]))
        length++;
    return length > letters ? length : 0;
}

bool names_expand(const names *self, const char *text, char *out, size_t size)
{
    size_t used = 0;
    while (*text != '\0') {
        const char *piece = text;
        size_t length = name_length(text);
        size_t taken = length > 0 ? length : 1;
        size_t piece_length = 1;
        char name[32];
        if (length > 0) {
            snprintf(name, sizeof(name), "%.*s", (int)length, text);
            piece = names_real(self, name);
            if (piece == NULL)
                return false;
            piece_length = strlen(piece);
        }
        if (used + piece_length >= size)
            support_die("a text of a recording is too long: %s", text);
        memcpy(out + used, piece, piece_length);
        used += piece_length;
        text += taken;
    }
    out[used] = '\0';
    return true;
}

/* ---- comparing ---- */

static bool same_text(const char *expected, const char *seen, names *bound)
{
    size_t length = name_length(expected);
    if (length > 0 && expected[length] == '\0' && names_real(bound, expected) == NULL) {
        if (strncmp(seen, "_INBOX.", 7) != 0)
            return false;
        names_bind(bound, expected, seen);
        return true;
    }
    char real[1024];
    if (!names_expand(bound, expected, real, sizeof(real)))
        return false;
    length = strlen(real);
    if (length > 0 && real[length - 1] == '*')
        return strncmp(real, seen, length - 1) == 0;
    return strcmp(real, seen) == 0;
}

static bool same_headers(const wire_message *expected, const wire_message *seen, names *bound,
                         char *why, size_t size)
{
    bool taken[MESSAGE_HEADERS] = {false};
    if (expected->header_count != seen->header_count) {
        snprintf(why, size, "%zu headers, expected %zu", seen->header_count,
                 expected->header_count);
        return false;
    }
    for (size_t i = 0; i < expected->header_count; i++) {
        const header *wanted = &expected->headers[i];
        size_t j = 0;
        while (j < seen->header_count &&
               (taken[j] || strcmp(seen->headers[j].name, wanted->name) != 0 ||
                !same_text(wanted->value, seen->headers[j].value, bound)))
            j++;
        if (j == seen->header_count) {
            snprintf(why, size, "no header %s: %s", wanted->name, wanted->value);
            return false;
        }
        taken[j] = true;
    }
    return true;
}

bool message_matches(const wire_message *expected, const wire_message *seen, names *bound,
                     char *why, size_t size)
{
    names before = *bound;
    bool same = false;
    if (!same_text(expected->subject, seen->subject, bound))
        snprintf(why, size, "subject %s, expected %s", seen->subject, expected->subject);
    else if (!same_headers(expected, seen, bound, why, size))
        ; /* it has said why */
    else if (!same_text(expected->reply, seen->reply, bound))
        snprintf(why, size, "NATS reply '%s', expected '%s'", seen->reply, expected->reply);
    else if (expected->json != NULL)
        same = json_means(expected->json, seen->payload, seen->length, bound, why, size);
    else if (expected->length != seen->length ||
             (seen->length > 0 && memcmp(expected->payload, seen->payload, seen->length) != 0))
        snprintf(why, size, "another payload");
    else
        same = true;
    if (!same)
        *bound = before;
    return same;
}
