/*
 * See spent.h.
 */
#include "link/spent.h"

#include <stdbool.h>
#include <stdlib.h>

static bool make_room(nm_spent *spent)
{
    spent->messages = malloc(NM_SPENT_MESSAGES * sizeof(natsMsg *));
    return spent->messages != NULL;
}

void nm_spent_add(nm_spent *spent, natsMsg *message)
{
    if (message == NULL)
        return;
    if (spent->messages == NULL && !make_room(spent)) {
        natsMsg_Destroy(message);
        return;
    }
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

void nm_spent_free(nm_spent *spent)
{
    nm_spent_clear(spent);
    free(spent->messages);
    spent->messages = NULL;
}
