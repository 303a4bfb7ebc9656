/*
 * Keys: see keys.h.
 */
#include "json/keys.h"

#include <stdlib.h>

static const uint64_t sign = UINT64_C(1) << 63;

/* The first eight bytes of a string, so that most are told apart without looking at the string. */
static uint64_t first_bytes(const char *string)
{
    uint64_t number = 0;
    for (size_t i = 0; i < sizeof(number); i++) {
        number = number << 8 | (uint8_t)*string;
        if (*string != '\0')
            string++;
    }
    return number;
}

static nm_json_key key_of(const nm_json_field *field, const void *entry)
{
    nm_json_key key = {.entry = entry};

    switch (field->kind) {
    case NM_JSON_STRING:
        key.string = nm_json_pointer_in(entry, field->offset);
        if (key.string == NULL)
            key.string = "";
        key.number = first_bytes(key.string);
        break;
    case NM_JSON_BOOL:
        key.number = nm_json_int32_in(entry, field->offset) != 0;
        break;
    case NM_JSON_INT32:
        key.number = (uint64_t)(int64_t)nm_json_int32_in(entry, field->offset) ^ sign;
        break;
    case NM_JSON_UINT32:
        key.number = (uint32_t)nm_json_int32_in(entry, field->offset);
        break;
    case NM_JSON_INT64:
        key.number = (uint64_t)nm_json_int64_in(entry, field->offset) ^ sign;
        break;
    default:
        key.number = (uint64_t)nm_json_int64_in(entry, field->offset);
    }
    return key;
}

static int compare_keys(const nm_json_key *a, const nm_json_key *b)
{
    if (a->number != b->number)
        return a->number < b->number ? -1 : 1;
    return a->string == NULL ? 0 : strcmp(a->string, b->string);
}

bool nm_json_keys_equal(const nm_json_key *a, const nm_json_key *b)
{
    return compare_keys(a, b) == 0;
}

static int compare(const void *a, const void *b)
{
    const nm_json_key *first = a;
    const nm_json_key *second = b;
    int result = compare_keys(first, second);

    if (result != 0)
        return result;
    return first->index < second->index ? -1 : 1;
}

bool nm_json_keys_init(nm_json_keys *keys, const nm_json_type *entry_type,
                       const void *const *entries, size_t count)
{
    *keys = (nm_json_keys){NULL, count};
    if (count > SIZE_MAX / sizeof(keys->keys[0]))
        return false;
    keys->keys = malloc(count * sizeof(keys->keys[0]));
    if (keys->keys == NULL)
        return false;
    bool is_sorted = true;
    for (size_t i = 0; i < count; i++) {
        keys->keys[i] = key_of(&entry_type->fields[0], entries[i]);
        keys->keys[i].index = i;
        is_sorted = is_sorted && (i == 0 || compare_keys(&keys->keys[i - 1], &keys->keys[i]) <= 0);
    }
    if (!is_sorted)
        qsort(keys->keys, count, sizeof(keys->keys[0]), compare);
    return true;
}

void nm_json_keys_free(nm_json_keys *keys)
{
    free(keys->keys);
}
