/*
 * Leftovers: see leftovers.h. The bucket's lock guards its list.
 */
#include "store/leftovers.h"

#include <stdlib.h>
#include <string.h>

/* So that a broker that is away for long does not take our memory. */
#define MOST_LEFTOVERS 1000

struct nm_leftover {
    nm_leftover *next;
    char nuid[NM_OBJECT_NUID_LIMIT + 1];
    char name[];
};

static size_t count(const nm_leftover *first)
{
    size_t number = 0;
    for (; first != NULL; first = first->next)
        number++;
    return number;
}

static void append(nm_bucket *bucket, nm_leftover *one)
{
    nm_leftover **end = &bucket->leftovers;
    while (*end != NULL)
        end = &(*end)->next;
    *end = one;
}

void nm_leftovers_add(const nm_object_place *place, const char *nuid)
{
    nm_bucket *bucket = place->bucket;
    size_t size = strlen(place->name) + 1;
    nm_leftover *one = calloc(1, sizeof(*one) + size);
    if (one == NULL)
        return;
    strcpy(one->nuid, nuid);
    memcpy(one->name, place->name, size);
    pthread_mutex_lock(&bucket->lock);
    bool fits = count(bucket->leftovers) < MOST_LEFTOVERS;
    if (fits)
        append(bucket, one);
    pthread_mutex_unlock(&bucket->lock);
    if (!fits)
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

static nm_leftover *take(nm_bucket *bucket)
{
    pthread_mutex_lock(&bucket->lock);
    nm_leftover *one = bucket->leftovers;
    if (one != NULL)
        bucket->leftovers = one->next;
    pthread_mutex_unlock(&bucket->lock);
    return one;
}

void nm_leftovers_remove(nm_bucket *bucket, int64_t deadline)
{
    nm_leftover *one;
    while ((one = take(bucket)) != NULL) {
        if (remove_one(bucket, one, deadline) == NATSMICRO_OK) {
            free(one);
            continue;
        }
        one->next = NULL;
        pthread_mutex_lock(&bucket->lock);
        append(bucket, one);
        pthread_mutex_unlock(&bucket->lock);
        return;
    }
}

void nm_leftovers_free(nm_leftover *first)
{
    while (first != NULL) {
        nm_leftover *next = first->next;
        free(first);
        first = next;
    }
}
