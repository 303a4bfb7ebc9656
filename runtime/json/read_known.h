/*
 * Read known: the well-known types that JSON writes as a string.
 */
#ifndef NM_JSON_READ_KNOWN_H
#define NM_JSON_READ_KNOWN_H

#include "json/reader.h"

/* Read into a message of their type. False: see reader.h. */
bool nm_json_read_time(nm_json_reader *r, const nm_json_type *type, void *message);
bool nm_json_read_field_mask(nm_json_reader *r, const nm_json_type *type, void *message);

#endif
