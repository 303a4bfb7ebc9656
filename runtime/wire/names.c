/*
 * Names: see names.h. nats.c checks none of this. A name or value with CR LF would inject headers.
 * A header without a value makes nats.c before 3.11 refuse all headers of the message, or take the
 * next line for the value.
 */
#include "wire/names.h"

#include "base/headers.h"
#include "base/utf8.h"

#include <string.h>

static bool is_token_byte(char c)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        return true;
    return c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

bool nm_header_name_is_valid(const char *name)
{
    size_t length = 0;

    while (is_token_byte(name[length]))
        length++;
    return length > 0 && name[length] == '\0';
}

bool nm_header_bytes_are_reserved(nm_bytes name)
{
    return nm_header_name_begins_with(name, "Nats-") ||
           nm_header_name_begins_with(name, "Natsmicro-") ||
           nm_header_name_is(name, NM_HEADER_REPLY_TO) ||
           nm_header_name_is(name, NM_HEADER_STATUS) ||
           nm_header_name_is(name, NM_HEADER_DESCRIPTION);
}

static bool is_control(uint8_t byte)
{
    return byte < 0x20 || byte == 0x7f;
}

bool nm_header_value_is_valid(const char *value)
{
    size_t length = 0;

    for (; value[length] != '\0'; length++)
        if (is_control((uint8_t)value[length]) && value[length] != '\t')
            return false;
    return nm_utf8_is_valid((const uint8_t *)value, length);
}

bool nm_header_value_is_blank(const char *value)
{
    return value[strspn(value, " \t")] == '\0';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

natsmicro_status nm_header_check(const char *name, const char *value, const char **why)
{
    if (name == NULL || value == NULL)
        *why = "a header's name or value is NULL";
    else if (!nm_header_name_is_valid(name))
        *why = "a header's name may hold only letters, digits and !#$%&'*+-.^_`|~";
    else if (nm_header_name_is_reserved(name))
        *why = "Nats-*, Natsmicro-*, Reply-To, Status and Description may not be set: these "
               "headers are the protocol's own";
    else if (!nm_header_value_is_valid(value))
        *why = "a header's value must be UTF-8 without a control byte";
    else if (nm_header_value_is_blank(value))
        *why = "a header's value is empty: nats.c cannot read a message with such a header";
    else if (is_blank(value[0]) || is_blank(value[strlen(value) - 1]))
        *why = "a header's value begins or ends with a space or tab, which would be lost on its "
               "way";
    else
        return NATSMICRO_OK;
    return NATSMICRO_INVALID_ARGUMENT;
}

natsmicro_status nm_header_check_named(const char *name, const char *value, nm_error *error)
{
    const char *why;
    natsmicro_status status = nm_header_check(name, value, &why);

    if (status == NATSMICRO_OK || name == NULL)
        return status == NATSMICRO_OK ? status : nm_error_set(error, status, "%s", why);
    return nm_error_set(error, status, "header \"%.64s\": %s", name, why);
}

void nm_text_for_header(nm_buffer *out, const char *text, size_t limit)
{
    const uint8_t *bytes = (const uint8_t *)text;
    size_t length = strlen(text);
    size_t room = limit;

    for (size_t at = 0; at < length;) {
        size_t size = nm_utf8_length(bytes + at, length - at);
        size_t written = size == 0 ? 1 : size;

        if (written > room)
            return;
        if (size == 0)
            nm_buffer_append(out, "?", 1);
        else if (is_control(bytes[at]))
            nm_buffer_append(out, " ", 1);
        else
            nm_buffer_append(out, bytes + at, size);
        at += written;
        room -= written;
    }
}
