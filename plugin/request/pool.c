/*
 * Pool: see pool.h. Every allocation is a block of its own in a list; requests are small.
 */
#include "request/pool.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct gen_pool_block {
    gen_pool_block *next;
    max_align_t memory[];
};

_Noreturn void gen_out_of_memory(void)
{
    fputs("out of memory\n", stderr);
    exit(1);
}

void *gen_pool_alloc(gen_pool *pool, size_t count, size_t size)
{
    if (size != 0 && count > (SIZE_MAX - sizeof(gen_pool_block)) / size)
        gen_out_of_memory();
    gen_pool_block *block = calloc(1, sizeof(gen_pool_block) + count * size);
    if (block == NULL)
        gen_out_of_memory();
    block->next = pool->blocks;
    pool->blocks = block;
    return block->memory;
}

char *gen_pool_copy(gen_pool *pool, const char *bytes, size_t length)
{
    char *copy = gen_pool_alloc(pool, length + 1, 1);
    if (length != 0)
        memcpy(copy, bytes, length);
    return copy;
}

char *gen_pool_vformat(gen_pool *pool, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    if (length < 0)
        gen_out_of_memory();
    char *string = gen_pool_alloc(pool, (size_t)length + 1, 1);
    vsnprintf(string, (size_t)length + 1, format, again);
    va_end(again);
    return string;
}

char *gen_pool_format(gen_pool *pool, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *string = gen_pool_vformat(pool, format, arguments);
    va_end(arguments);
    return string;
}

char *gen_pool_take(gen_pool *pool, nm_buffer *buffer)
{
    char *string = gen_pool_copy(pool, gen_string(buffer), buffer->length);
    nm_buffer_free(buffer);
    return string;
}

const char *gen_string(nm_buffer *buffer)
{
    const char *string = nm_buffer_string(buffer);
    if (string == NULL)
        gen_out_of_memory();
    return string;
}

void gen_pool_free(gen_pool *pool)
{
    while (pool->blocks != NULL) {
        gen_pool_block *block = pool->blocks;
        pool->blocks = block->next;
        free(block);
    }
}
