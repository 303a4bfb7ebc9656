/*
 * See spent.h.
 */
#include "link/spent.h"

void nm_spent_add(nm_spent *spent, natsMsg *message)
{
    if (message == NULL)
        return;
    spent->messages[spent->count++] = message;
    spent->bytes += (size_t)natsMsg_GetDataLength(message);
    if (spent->count == NM_SPENT_MESSAGES || spent->bytes > NM_SPENT_BYTES)
        nm_spent_clear(spent);
}

void nm_spent_clear(nm_spent *spent)
{
    for (size_t i = 0; i < spent->count; i++)
        natsMsg_Destroy(spent->messages[i]);
    spent->count = 0;
    spent->bytes = 0;
}
