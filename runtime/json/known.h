/*
 * Known: which messages have JSON forms of their own, and whether a type of such a name has the
 * fields that the form takes for granted: a schema may come from a stranger.
 */
#ifndef NM_JSON_KNOWN_H
#define NM_JSON_KNOWN_H

#include "json/type.h"

/* What a full name stands for. */
nm_json_known nm_json_known_of(const char *full_name);

/* Whether the fields of a bound type are those of the well-known one. */
bool nm_json_known_fits(const nm_json_type *type);

#endif
