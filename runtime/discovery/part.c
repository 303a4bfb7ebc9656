/*
 * Part: see part.h. Questions come from strangers.
 */
#include "discovery/part.h"

#include "base/base64.h"
#include "base/compare.h"

#include <jansson.h>

/* What an answer has beside its data, with the largest numbers. */
#define FRAME "{\"offset\":18446744073709551615,\"total\":18446744073709551615,\"data\":\"\"}"

#define FEWEST_BYTES 48

natsmicro_status nm_part_read(nm_bytes question, size_t total, size_t *offset, nm_error *error)
{
    json_t *object = NULL;
    if (question.length <= NM_PART_QUESTION_LIMIT)
        object = json_loadb(question.data, question.length, JSON_REJECT_DUPLICATES, NULL);
    const json_t *member = json_object_get(object, "offset");
    const json_int_t number = json_is_integer(member) ? json_integer_value(member) : -1;
    json_decref(object);
    if (number < 0 || (uint64_t)number > total)
        return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT,
                            "ask for a part of the schema with {\"offset\":n}, n from 0 to %zu",
                            total);
    *offset = (size_t)number;
    return NATSMICRO_OK;
}

void nm_part_write(nm_buffer *answer, nm_bytes all, size_t offset, size_t limit)
{
    const size_t room = nm_smaller(limit, NM_PART_ANSWER_LIMIT);
    const size_t frame = sizeof(FRAME) - 1;
    size_t length = FEWEST_BYTES;
    if (room > frame + nm_base64_length(length))
        length = nm_base64_fits(room - frame);
    length = nm_smaller(length, all.length - offset);
    nm_buffer_append_format(answer, "{\"offset\":%zu,\"total\":%zu,\"data\":\"", offset,
                            all.length);
    uint8_t *end = nm_buffer_reserve(answer, nm_base64_length(length));
    if (end == NULL)
        return;
    nm_base64_write(end, (const uint8_t *)all.data + offset, length);
    answer->length += nm_base64_length(length);
    nm_buffer_append_string(answer, "\"}");
}
