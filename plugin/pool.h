/*
 * Pool: memory that lives until the program's end and is freed at once. The plugin reads one
 * request and writes one answer, so nothing in it needs to be freed earlier.
 *
 * Its functions never return NULL: without memory they say so and end the program.
 */
#ifndef NM_PLUGIN_POOL_H
#define NM_PLUGIN_POOL_H

#include <stdarg.h>
#include <stddef.h>

typedef struct nm_pool_block nm_pool_block;

/* Start from { NULL }. */
typedef struct nm_pool {
    nm_pool_block *blocks;
} nm_pool;

/* Zeroed memory for `count` things of `size` bytes; never NULL, even for none. */
void *nm_pool_alloc(nm_pool *pool, size_t count, size_t size);

/* A copy of the first `length` bytes, with a NUL behind them. */
char *nm_pool_copy(nm_pool *pool, const char *bytes, size_t length);

/* A string made as printf does. */
char *nm_pool_format(nm_pool *pool, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *nm_pool_vformat(nm_pool *pool, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/* Frees everything that came from the pool. */
void nm_pool_free(nm_pool *pool);

/* Ends the program for want of memory. */
_Noreturn void nm_out_of_memory(void);

#endif
