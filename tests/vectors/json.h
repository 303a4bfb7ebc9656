/*
 * JSON: discovery's answers and messages compared by meaning: the order of members and of endpoints
 * is free, and the placeholders of the recordings ("$ID1", "$TIME", $NS) stand for an id, a time and
 * a duration.
 */
#ifndef VECTORS_JSON_H
#define VECTORS_JSON_H

#include "vectors/message.h"

bool json_means(const char *expected, const uint8_t *seen, size_t length, names *bound, char *why,
                size_t size);

#endif
