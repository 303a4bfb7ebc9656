/*
 * See user_data.h. The call's lock guards the list; no function of a user runs under it.
 */
#include "call/user_data.h"

#include "base/last_error.h"

#include <stdlib.h>

static void free_data(const nm_user_data *item)
{
    if (item->free_data != NULL && item->data != NULL)
        item->free_data(item->data);
}

/* Puts data into an item. Returns what was there, for who has given back the lock. */
static nm_user_data put(nm_user_data *item, void *data, void (*free_function)(void *data))
{
    nm_user_data before = *item;
    item->data = data;
    item->free_data = free_function;
    return before;
}

void natsmicro_call_set_user(natsmicro_call *call, void *data, void (*free_function)(void *data))
{
    if (call == NULL)
        return;
    pthread_mutex_lock(&call->lock);
    nm_user_data before = put(&call->user, data, free_function);
    pthread_mutex_unlock(&call->lock);
    free_data(&before);
}

void *natsmicro_call_user(natsmicro_call *call)
{
    if (call == NULL)
        return NULL;
    pthread_mutex_lock(&call->lock);
    void *data = call->user.data;
    pthread_mutex_unlock(&call->lock);
    return data;
}

/* Under the lock. NULL: nothing has this key. */
static nm_user_data *find(natsmicro_call *call, const void *key)
{
    nm_user_data *item = call->user.next;
    while (item != NULL && item->key != key)
        item = item->next;
    return item;
}

natsmicro_status natsmicro_call_set_value(natsmicro_call *call, const void *key, void *data,
                                          void (*free_function)(void *data))
{
    if (call == NULL)
        return NM_REFUSE_NULL(call);
    nm_user_data *spare = calloc(1, sizeof(*spare));
    if (spare == NULL)
        return NATSMICRO_RESOURCE_EXHAUSTED;
    pthread_mutex_lock(&call->lock);
    nm_user_data *item = find(call, key);
    if (item == NULL) {
        item = spare;
        item->key = key;
        item->next = call->user.next;
        call->user.next = item;
        spare = NULL;
    }
    nm_user_data before = put(item, data, free_function);
    pthread_mutex_unlock(&call->lock);
    free_data(&before);
    free(spare);
    return NATSMICRO_OK;
}

void *natsmicro_call_value(natsmicro_call *call, const void *key)
{
    if (call == NULL)
        return NULL;
    pthread_mutex_lock(&call->lock);
    const nm_user_data *item = find(call, key);
    void *data = item != NULL ? item->data : NULL;
    pthread_mutex_unlock(&call->lock);
    return data;
}

void nm_call_free_user_data(natsmicro_call *call)
{
    pthread_mutex_lock(&call->lock);
    nm_user_data all = call->user;
    call->user = (nm_user_data){.next = NULL};
    pthread_mutex_unlock(&call->lock);
    free_data(&all);
    nm_user_data *next;
    for (nm_user_data *item = all.next; item != NULL; item = next) {
        next = item->next;
        free_data(item);
        free(item);
    }
}
