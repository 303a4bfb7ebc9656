/*
 * Keys: the keys of a map's entries in order, so that two of the same are found in one pass.
 */
#ifndef NM_JSON_KEYS_H
#define NM_JSON_KEYS_H

#include "json/type.h"

typedef struct nm_json_key {
    const void *entry;
    const char *string; /* NULL: the key is a number */
    uint64_t number;    /* ordered as the keys are; of a string, its first bytes */
    size_t index;       /* of the entry */
} nm_json_key;

typedef struct nm_json_keys {
    nm_json_key *keys; /* sorted; of equal keys in the order of the entries */
    size_t count;
} nm_json_keys;

/*
 * Fills in the keys of `count` entries: at least one, and none is NULL. False: memory is short. To
 * be freed with nm_json_keys_free.
 */
bool nm_json_keys_init(nm_json_keys *keys, const nm_json_type *entry_type,
                       const void *const *entries, size_t count);
void nm_json_keys_free(nm_json_keys *keys);

/* Whether two keys are the same. */
bool nm_json_keys_equal(const nm_json_key *a, const nm_json_key *b);

#endif
