/*
 * Read scalar: numbers, strings, bytes and enums, as values and as keys of maps.
 */
#ifndef NM_JSON_READ_SCALAR_H
#define NM_JSON_READ_SCALAR_H

#include "json/reader.h"

/* Reads a value that is no message to `at`. False: see reader.h. May set r->is_dropped. */
bool nm_json_read_scalar(nm_json_reader *r, const nm_json_field *field, void *at);

/* Reads the key of a map's entry, which is always a string. */
bool nm_json_read_key(nm_json_reader *r, const nm_json_field *key, void *at);

#endif
