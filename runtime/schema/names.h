/*
 * Names: what protoc allows as names, and which names it makes of others. ASCII only, whatever the
 * locale.
 */
#ifndef NM_SCHEMA_NAMES_H
#define NM_SCHEMA_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* Letters, digits and _, not a digit in front. */
bool nm_is_identifier(const char *name);

/* Identifiers joined by dots; "" too. */
bool nm_is_package_name(const char *name);

/* A file's name: not empty, without control characters. */
bool nm_is_file_name(const char *name);

/*
 * Writes the JSON name that protoc gives to a field: "maybe_int" becomes "maybeInt". `to` has room
 * for strlen(name) + 1 bytes.
 */
void nm_make_json_name(const char *name, char *to);

/* Whether protoc would name a map's entries so: "by_id" has "ByIdEntry". */
bool nm_is_map_entry_name(const char *entry, const char *field);

/* Compares `length` bytes with a string, as strcmp would. */
int nm_compare_name(const char *name, size_t length, const char *string);

#endif
