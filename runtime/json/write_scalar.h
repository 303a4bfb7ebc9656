/*
 * Write scalar: numbers, strings, bytes and enums as values and as keys of maps.
 */
#ifndef NM_JSON_WRITE_SCALAR_H
#define NM_JSON_WRITE_SCALAR_H

#include "json/writer.h"

/* Append the value that lies at `at`, which is no message. False: see writer.h. */
bool nm_json_write_scalar(nm_json_writer *w, const nm_json_field *field, const void *at);

/* Appends the key of a map's entry, which is always a string. */
bool nm_json_write_key(nm_json_writer *w, const nm_json_field *key, const void *at);

#endif
