/*
 * Pool: memory that lives until the program ends. The plugin reads one request and writes one
 * answer, so it frees all memory at once.
 *
 * The functions never return NULL: without memory they print an error and end the program.
 */
#ifndef GEN_POOL_H
#define GEN_POOL_H

#include "base/buffer.h"

#include <stdarg.h>
#include <stddef.h>

typedef struct gen_pool_block gen_pool_block;

/* Start from { NULL }. */
typedef struct gen_pool {
    gen_pool_block *blocks;
} gen_pool;

/* Zeroed memory for `count` things of `size` bytes. `count` may be 0. */
void *gen_pool_alloc(gen_pool *pool, size_t count, size_t size);

/* A copy of the first `length` bytes, followed by a NUL. */
char *gen_pool_copy(gen_pool *pool, const char *bytes, size_t length);

/* A string made as printf makes it. */
char *gen_pool_format(gen_pool *pool, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
char *gen_pool_vformat(gen_pool *pool, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/* Moves the content of a buffer into the pool, followed by a NUL, and frees the buffer. */
char *gen_pool_take(gen_pool *pool, nm_buffer *buffer);

/* The content of a buffer as a string, which lives until more is appended. */
const char *gen_string(nm_buffer *buffer);

/* Frees all memory of the pool. */
void gen_pool_free(gen_pool *pool);

/* Prints that there is no memory, and ends the program. */
_Noreturn void gen_out_of_memory(void);

#endif
