/*
 * Buckets: see buckets.h.
 */
#include "model/buckets.h"

#include <string.h>

struct gen_known_bucket {
    const gen_bucket *bucket;
    const gen_place *place;
    gen_known_bucket *next;
};

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool same_pairs(const gen_pairs *a, const gen_pairs *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (!same_text(a->items[i].key, b->items[i].key) ||
            !same_text(a->items[i].value, b->items[i].value))
            return false;
    }
    return true;
}

/* The first member in which they differ; NULL: none. */
static const char *find_difference(const gen_bucket *a, const gen_bucket *b)
{
    if (!same_text(a->description, b->description))
        return "description";
    if (a->ttl_ns != b->ttl_ns)
        return "ttl";
    if (a->max_history != b->max_history)
        return "max_history";
    if (a->limit_marker_ttl_ns != b->limit_marker_ttl_ns)
        return "limit_marker_ttl";
    if (a->compression != b->compression)
        return "compression";
    return same_pairs(&a->metadata, &b->metadata) ? NULL : "metadata";
}

static const gen_known_bucket *find(const gen_buckets *buckets, const gen_bucket *bucket)
{
    const gen_known_bucket *known = buckets->first;
    while (known != NULL &&
           (known->bucket->kind != bucket->kind || strcmp(known->bucket->name, bucket->name) != 0))
        known = known->next;
    return known;
}

bool gen_add_bucket(gen_context *context, gen_buckets *buckets, const gen_bucket *bucket,
                    const char *option, const gen_place *place)
{
    const gen_known_bucket *known = find(buckets, bucket);
    const char *difference = known == NULL ? NULL : find_difference(known->bucket, bucket);
    if (difference != NULL)
        return gen_fail(context, place,
                        "%s of bucket \"%s\" of %s is not that of method %s of service %s at %s:%d "
                        "(write the same in both, or name another bucket)",
                        difference, bucket->name, option, known->place->method,
                        known->place->service, known->place->file, known->place->line);
    if (known != NULL)
        return true;
    gen_known_bucket *added = gen_pool_alloc(context->pool, 1, sizeof(*added));
    *added = (gen_known_bucket){bucket, place, buckets->first};
    buckets->first = added;
    return true;
}
