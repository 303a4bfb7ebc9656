/*
 * Pool: memory that lives until the program's end and is freed at once. The plugin reads one
 * request and writes one answer, so nothing in it needs to be freed earlier.
 *
 * Its functions never return NULL: without memory they say so and end the program.
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

/* Zeroed memory for `count` things of `size` bytes; never NULL, even for none. */
void *gen_pool_alloc(gen_pool *pool, size_t count, size_t size);

/* A copy of the first `length` bytes, with a NUL behind them. */
char *gen_pool_copy(gen_pool *pool, const char *bytes, size_t length);

/* A string made as printf does. */
char *gen_pool_format(gen_pool *pool, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
char *gen_pool_vformat(gen_pool *pool, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/* The buffer's content, with a NUL after it, as a string in the pool. Frees the buffer. */
char *gen_pool_take(gen_pool *pool, nm_buffer *buffer);

/* The buffer's content as a string, which lives as long as the buffer is not appended to. */
const char *gen_string(nm_buffer *buffer);

/* Frees everything that came from the pool. */
void gen_pool_free(gen_pool *pool);

/* Ends the program for want of memory. */
_Noreturn void gen_out_of_memory(void);

#endif
