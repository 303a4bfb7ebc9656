/*
 * Offer: see offer.h.
 */
#include "wire/offer.h"

#include "base/bytes.h"

#include <inttypes.h>
#include <stdio.h>

#define LARGEST_NUMBER (UINT64_C(1) << 62)

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Takes what stands before the next ';', without the blanks around it. */
static nm_bytes take_part(const char **value)
{
    const char *begin = *value;
    const char *end = begin + strcspn(begin, ";");

    *value = *end == '\0' ? end : end + 1;
    while (begin < end && is_blank(*begin))
        begin++;
    while (begin < end && is_blank(end[-1]))
        end--;
    return (nm_bytes){begin, (size_t)(end - begin)};
}

static bool is_version(nm_bytes part)
{
    return part.length == sizeof(NM_STREAM_VERSION) - 1 &&
           memcmp(part.data, NM_STREAM_VERSION, part.length) == 0;
}

static bool read_number(nm_bytes digits, uint64_t *number)
{
    const char *at = digits.data;

    *number = 0;
    for (size_t i = 0; i < digits.length; i++) {
        if (at[i] < '0' || at[i] > '9' || *number > LARGEST_NUMBER / 10)
            return false;
        *number = *number * 10 + (uint64_t)(at[i] - '0');
    }
    return digits.length > 0 && *number <= LARGEST_NUMBER;
}

typedef struct parameter {
    const char *name; /* with its '=' */
    uint64_t *number;
    bool *is_there;
} parameter;

/* False when a parameter that we know is not well-formed, or there already. */
static bool read_parameter(nm_bytes part, const parameter *known, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(known[i].name);

        if (part.length < length || memcmp(part.data, known[i].name, length) != 0)
            continue;
        part.data = (const char *)part.data + length;
        part.length -= length;
        if (*known[i].is_there || !read_number(part, known[i].number))
            return false;
        *known[i].is_there = true;
    }
    return true;
}

bool nm_stream_offer_read(const char *value, nm_stream_offer *offer)
{
    bool has_messages = false;
    bool has_bytes = false;
    const parameter known[] = {
        {"messages=", &offer->messages, &has_messages},
        {"bytes=", &offer->bytes, &has_bytes},
        {"timeout=", &offer->timeout_ms, &offer->has_timeout},
    };

    *offer = (nm_stream_offer){0};
    if (value == NULL || !is_version(take_part(&value)))
        return false;
    while (*value != '\0')
        if (!read_parameter(take_part(&value), known, sizeof(known) / sizeof(known[0])))
            return false;
    return has_messages && has_bytes;
}

#define SERVICE_PARAMETER "service="

static void read_service(nm_bytes part, char service[NM_SERVICE_TOKEN_SIZE])
{
    size_t name = sizeof(SERVICE_PARAMETER) - 1;
    if (service[0] != '\0' || part.length < name ||
        memcmp(part.data, SERVICE_PARAMETER, name) != 0 ||
        part.length - name >= NM_SERVICE_TOKEN_SIZE)
        return;
    memcpy(service, (const char *)part.data + name, part.length - name);
    service[part.length - name] = '\0';
}

bool nm_stream_acceptance_read(const char *value, char service[NM_SERVICE_TOKEN_SIZE])
{
    if (service != NULL)
        service[0] = '\0';
    if (value == NULL || !is_version(take_part(&value)))
        return false;
    while (service != NULL && *value != '\0')
        read_service(take_part(&value), service);
    return true;
}

void nm_stream_acceptance_format(const char *service, char text[NM_STREAM_ACCEPTANCE_SIZE])
{
    snprintf(text, NM_STREAM_ACCEPTANCE_SIZE, NM_STREAM_VERSION "; " SERVICE_PARAMETER "%s",
             service);
}

void nm_stream_offer_format(const nm_stream_offer *offer, char text[NM_STREAM_OFFER_SIZE])
{
    int length = snprintf(text, NM_STREAM_OFFER_SIZE,
                          NM_STREAM_VERSION "; messages=%" PRIu64 "; bytes=%" PRIu64,
                          offer->messages, offer->bytes);

    if (offer->has_timeout && length > 0)
        snprintf(text + length, NM_STREAM_OFFER_SIZE - (size_t)length, "; timeout=%" PRIu64,
                 offer->timeout_ms);
}
