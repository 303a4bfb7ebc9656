/*
 * Arena: see arena.h. A new block has room for all bytes handed out so far and for those asked for,
 * so that after a reset one block is enough for another message of that kind.
 */
#include "codec/arena.h"
#include "base/compare.h"

#include <stdlib.h>

#define ALIGNMENT   alignof(max_align_t)
#define FIRST_BLOCK ((size_t)4096)

/* The power of two that holds `wish`, up to the largest size that is kept; at least `needed`. */
static size_t block_size(size_t needed, size_t wish)
{
    size_t size = FIRST_BLOCK;

    while (size < wish && size < NM_ARENA_LARGEST_KEPT)
        size *= 2;
    return nm_larger(size, needed);
}

static nm_arena_block *add_block(nm_arena *arena, size_t needed)
{
    size_t size = block_size(needed, arena->used + needed);
    nm_arena_block *block;

    if (size > SIZE_MAX - sizeof(*block))
        return NULL;
    block = malloc(sizeof(*block) + size);
    if (block == NULL)
        return NULL;
    block->next = arena->blocks;
    block->size = size;
    block->used = 0;
    arena->blocks = block;
    return block;
}

void *nm_arena_alloc_slowly(nm_arena *arena, size_t size)
{
    nm_arena_block *block = arena->blocks;
    size_t rounded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;

    if (size > SIZE_MAX / 2 || (arena->limit != 0 && rounded > arena->limit - arena->used)) {
        arena->exhausted = true;
        return NULL;
    }
    if (block == NULL || rounded > block->size - block->used)
        block = add_block(arena, rounded);
    if (block == NULL) {
        arena->exhausted = true;
        return NULL;
    }
    void *memory = block->bytes + block->used;
    block->used += rounded;
    arena->used += rounded;
    return memory;
}

void nm_arena_keep_one(nm_arena *arena)
{
    nm_arena_block *keep = NULL;
    nm_arena_block *next;

    for (nm_arena_block *block = arena->blocks; block != NULL; block = next) {
        nm_arena_block *drop = block;

        next = block->next;
        if (block->size <= NM_ARENA_LARGEST_KEPT && (keep == NULL || block->size > keep->size)) {
            drop = keep;
            keep = block;
        }
        free(drop);
    }
    if (keep != NULL) {
        keep->next = NULL;
        keep->used = 0;
    }
    arena->blocks = keep;
}

void nm_arena_free(nm_arena *arena)
{
    nm_arena_block *next;

    for (nm_arena_block *block = arena->blocks; block != NULL; block = next) {
        next = block->next;
        free(block);
    }
    arena->blocks = NULL;
    arena->used = 0;
    arena->exhausted = false;
}

static void *allocate(void *arena, size_t size)
{
    return nm_arena_alloc(arena, size);
}

static void keep_until_reset(void *arena, void *memory)
{
    (void)arena;
    (void)memory;
}

ProtobufCAllocator nm_arena_allocator(nm_arena *arena)
{
    return (ProtobufCAllocator){allocate, keep_until_reset, arena};
}
