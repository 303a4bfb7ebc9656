/*
 * Pool: see pool.h. Every allocation is a block of its own in a list; requests are small.
 */
#include "pool.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct nm_pool_block {
    nm_pool_block *next;
    max_align_t memory[];
};

_Noreturn void nm_out_of_memory(void)
{
    fputs("protoc-gen-c-natsmicro: out of memory\n", stderr);
    exit(1);
}

void *nm_pool_alloc(nm_pool *pool, size_t count, size_t size)
{
    if (size != 0 && count > (SIZE_MAX - sizeof(nm_pool_block)) / size)
        nm_out_of_memory();
    nm_pool_block *block = calloc(1, sizeof(nm_pool_block) + count * size);
    if (block == NULL)
        nm_out_of_memory();
    block->next = pool->blocks;
    pool->blocks = block;
    return block->memory;
}

char *nm_pool_copy(nm_pool *pool, const char *bytes, size_t length)
{
    char *copy = nm_pool_alloc(pool, length + 1, 1);
    if (length != 0)
        memcpy(copy, bytes, length);
    return copy;
}

char *nm_pool_vformat(nm_pool *pool, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    if (length < 0)
        nm_out_of_memory();
    char *string = nm_pool_alloc(pool, (size_t)length + 1, 1);
    vsnprintf(string, (size_t)length + 1, format, again);
    va_end(again);
    return string;
}

char *nm_pool_format(nm_pool *pool, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *string = nm_pool_vformat(pool, format, arguments);
    va_end(arguments);
    return string;
}

void nm_pool_free(nm_pool *pool)
{
    while (pool->blocks != NULL) {
        nm_pool_block *block = pool->blocks;
        pool->blocks = block->next;
        free(block);
    }
}
