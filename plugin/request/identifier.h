/*
 * Identifier: the rule for names in .proto files. protoc keeps to it, but a request may come from
 * elsewhere, and what it contains must not end up in C unchecked.
 */
#ifndef GEN_IDENTIFIER_H
#define GEN_IDENTIFIER_H

#include <stdbool.h>

/* Whether the name is a letter or _, then letters, digits and _. False for NULL. */
bool gen_is_identifier(const char *name);

/* Whether the package is empty, or identifiers joined by dots. */
bool gen_is_package(const char *package);

#endif
