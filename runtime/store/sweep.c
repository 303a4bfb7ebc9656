/*
 * Sweep: see sweep.h.
 */
#include "store/sweep.h"

#include "store/leftovers.h"

#include <stdlib.h>
#include <string.h>

static bool append(nm_bucket *bucket, nm_leftover *one)
{
    pthread_mutex_lock(&bucket->lock);
    bool fits = nm_leftovers_append(&bucket->leftovers, one);
    pthread_mutex_unlock(&bucket->lock);
    return fits;
}

static nm_leftover *take(nm_bucket *bucket)
{
    pthread_mutex_lock(&bucket->lock);
    nm_leftover *one = nm_leftovers_take(&bucket->leftovers);
    pthread_mutex_unlock(&bucket->lock);
    return one;
}

void nm_sweep_later(const nm_object_place *place, const char *nuid)
{
    nm_leftover *one = nm_leftover_new(place->name, nuid);
    if (one != NULL && !append(place->bucket, one))
        free(one);
}

static natsmicro_status remove_one(nm_bucket *bucket, const nm_leftover *one, int64_t deadline)
{
    nm_object_place place;
    natsmicro_status status = nm_object_place_init(&place, bucket, one->name, NULL);
    if (status != NATSMICRO_OK)
        return status;
    nm_object_info info = {.size = 0};
    uint64_t sequence;
    status = nm_object_find(&place, deadline, &info, &sequence, NULL);
    if (status == NATSMICRO_NOT_FOUND ||
        (status == NATSMICRO_OK && strcmp(info.nuid, one->nuid) != 0))
        status = nm_object_purge(&place, one->nuid, deadline, NULL);
    nm_object_info_free(&info);
    nm_object_place_free(&place);
    return status;
}

void nm_sweep(nm_bucket *bucket, int64_t deadline)
{
    nm_leftover *one;
    while ((one = take(bucket)) != NULL) {
        bool removed = remove_one(bucket, one, deadline) == NATSMICRO_OK;
        if (removed || !append(bucket, one))
            free(one);
        if (!removed)
            return;
    }
}
