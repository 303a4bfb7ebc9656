/*
 * Metadata: the maps of names and values that options have.
 */
#ifndef GEN_METADATA_H
#define GEN_METADATA_H

#include "model/model.h"
#include "request/context.h"

/*
 * Adds a pair of a map; there is room for it. If a key is there several times, the last value
 * counts.
 */
void gen_put_pair(gen_pairs *pairs, const char *key, const char *value);

/* Sorts the pairs, because the order in which protoc passes a map on is not fixed. */
bool gen_check_pairs(gen_context *context, const gen_place *place, gen_pairs *pairs);

#endif
