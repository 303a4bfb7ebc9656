/*
 * Identifier: the names that .proto files may give. protoc has checked them; a request from
 * elsewhere may hold anything, which must not get into C.
 */
#ifndef GEN_IDENTIFIER_H
#define GEN_IDENTIFIER_H

#include <stdbool.h>

/* Whether the name is a letter or _, then letters, digits and _. False for NULL. */
bool gen_is_identifier(const char *name);

/* Whether the package is empty, or identifiers joined by dots. */
bool gen_is_package(const char *package);

#endif
