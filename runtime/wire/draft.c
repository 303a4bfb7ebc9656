/*
 * Draft: see draft.h.
 *
 * nats.c can replace a header of a message, but has no function that replaces its payload. So a
 * payload of the same length is written over the old one. That is safe although the accessor says
 * const: the message owns the memory, and publishing keeps no reference to it.
 */
#include "wire/draft.h"

#include "wire/names.h"
#include "wire/outgoing.h"

#include <limits.h>

static size_t slot_of(size_t length)
{
    return length > NM_DRAFT_SHORT ? NM_DRAFT_SHORT_SLOTS : length % NM_DRAFT_SHORT_SLOTS;
}

/* Returns a kept message, or a new one, whose payload has `length` bytes; NULL without memory. */
static natsMsg *take_kept(nm_draft *draft, const char *subject, int length)
{
    natsMsg **kept = &draft->kept[slot_of((size_t)length)];

    if (*kept != NULL && natsMsg_GetDataLength(*kept) == length)
        return *kept;
    natsMsg_Destroy(*kept);
    if (natsMsg_Create(kept, subject, NULL, NULL, length) != NATS_OK)
        *kept = NULL;
    return *kept;
}

natsStatus nm_draft_compose(nm_draft *draft, natsMsg **message, const char *subject,
                            const nm_bytes *pieces, size_t count, uint64_t sequence)
{
    size_t length = nm_bytes_length(pieces, count);

    if (length > INT_MAX)
        return NATS_INVALID_ARG;
    *message = take_kept(draft, subject, (int)length);
    if (*message == NULL)
        return NATS_NO_MEMORY;
    nm_bytes_join((void *)(uintptr_t)natsMsg_GetData(*message), pieces, count);
    char digits[NM_SEQUENCE_SIZE];
    return natsMsgHeader_Set(*message, NM_HEADER_STREAM_SEQ, nm_format_sequence(sequence, digits));
}

void nm_draft_clear(nm_draft *draft)
{
    for (size_t i = 0; i <= NM_DRAFT_SHORT_SLOTS; i++) {
        natsMsg_Destroy(draft->kept[i]);
        draft->kept[i] = NULL;
    }
}
