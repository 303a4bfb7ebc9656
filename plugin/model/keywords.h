/*
 * Keywords: names that are taken already, in C or C++ or by protoc-gen-c.
 */
#ifndef GEN_KEYWORDS_H
#define GEN_KEYWORDS_H

#include <stdbool.h>

/*
 * Whether a struct's member cannot have this name in C: the keywords of C11; bool, true, false and
 * static_assert, which are macros where protoc-gen-c needs them; asm and typeof of GNU C.
 */
bool gen_is_c_keyword(const char *name);

/* Whether protoc-gen-c makes this name in every service, so that a method cannot have it. */
bool gen_is_taken_in_services(const char *name);

/* Whether a struct's member cannot have this name in C or C++, of any year, or is a macro. */
bool gen_is_reserved(const char *name);

#endif
