/*
 * Mask: the paths of a google.protobuf.FieldMask, which JSON writes in lowerCamelCase. Only paths
 * that come back as they were are written, or read. Pure functions.
 */
#ifndef NM_JSON_MASK_H
#define NM_JSON_MASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Writes foo_bar.baz as fooBar.baz, which is not longer; returns its end, or NULL if the path has
 * letters that would not come back.
 */
uint8_t *nm_json_put_path(uint8_t *at, const char *path, size_t length);

/* The length of a path of JSON as the .proto has it; 0 if it is none. */
size_t nm_json_path_length(const uint8_t *path, size_t length);

/* Writes a path for which the function above returned a length; returns its end. */
char *nm_json_read_path(char *at, const uint8_t *path, size_t length);

#endif
