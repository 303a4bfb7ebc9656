/*
 * Keywords: names that cannot be given, because C, C++ or protoc-gen-c use them.
 */
#ifndef GEN_KEYWORDS_H
#define GEN_KEYWORDS_H

#include <stdbool.h>

/*
 * Whether C refuses this name for a member of a struct. Besides the keywords of C11 these are bool,
 * true, false and static_assert, which are macros in files of protoc-gen-c, and asm and typeof of
 * GNU C.
 */
bool gen_is_c_keyword(const char *name);

/* Whether protoc-gen-c uses this name in every service, so that no method can have it. */
bool gen_is_taken_in_services(const char *name);

/* Whether any version of C or C++ refuses this name for a member of a struct, or a macro has it. */
bool gen_is_reserved(const char *name);

/* The same for members of messages, and for more macros: of POSIX headers and of other machines. */
bool gen_is_reserved_in_messages(const char *name);

/* Whether protoc-gen-c itself appends _ to a field of this name. */
bool gen_is_mended_by_protoc_gen_c(const char *name);

#endif
