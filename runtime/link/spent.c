/*
 * See spent.h.
 */
#include "link/spent.h"

#include <stdlib.h>

static void clear(nm_spent *spent)
{
    for (size_t i = 0; i < spent->count; i++)
        natsMsg_Destroy(spent->messages[i]);
    spent->count = 0;
    spent->bytes = 0;
}

void nm_spent_add(nm_spent **where, natsMsg *message)
{
    if (message == NULL)
        return;
    if (*where == NULL)
        *where = calloc(1, sizeof(**where));
    nm_spent *spent = *where;
    if (spent == NULL) {
        natsMsg_Destroy(message);
        return;
    }
    spent->messages[spent->count++] = message;
    spent->bytes += (size_t)natsMsg_GetDataLength(message);
    if (spent->count == NM_SPENT_MESSAGES || spent->bytes > NM_SPENT_BYTES)
        clear(spent);
}

void nm_spent_free(nm_spent *spent)
{
    if (spent != NULL)
        clear(spent);
    free(spent);
}
