/*
 * Write known: the well-known types that JSON writes as a string.
 */
#ifndef NM_JSON_WRITE_KNOWN_H
#define NM_JSON_WRITE_KNOWN_H

#include "json/writer.h"

/* Append a message of their type. False: see writer.h. */
bool nm_json_write_timestamp(nm_json_writer *w, const nm_json_type *type, const void *message);
bool nm_json_write_duration(nm_json_writer *w, const nm_json_type *type, const void *message);
bool nm_json_write_field_mask(nm_json_writer *w, const nm_json_type *type, const void *message);

#endif
