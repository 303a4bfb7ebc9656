/*
 * Arena: memory for one decoded message at a time. A reset keeps the largest block, so that a
 * stream of similar messages soon allocates nothing. One thread at a time.
 */
#ifndef NM_CODEC_ARENA_H
#define NM_CODEC_ARENA_H

#include <protobuf-c/protobuf-c.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A block is filled from the front; its size is a multiple of the alignment. */
typedef struct nm_arena_block nm_arena_block;
struct nm_arena_block {
    nm_arena_block *next;
    size_t size; /* of `bytes` */
    size_t used;
    alignas(max_align_t) uint8_t bytes[];
};

typedef struct nm_arena {
    nm_arena_block *blocks; /* owned; the newest first */
    size_t used;            /* bytes handed out since the reset */
    size_t limit;           /* most bytes to hand out; 0: no limit */
    bool exhausted;         /* memory was refused, by the limit or by malloc */
} nm_arena;

#define NM_ARENA_INIT     \
    {                     \
        NULL, 0, 0, false \
    }

#define NM_ARENA_LARGEST_KEPT ((size_t)1 << 20)

/*
 * The slow paths of the two functions below: allocating from a new block, or failing; freeing all
 * blocks but one.
 */
void *nm_arena_alloc_slowly(nm_arena *arena, size_t size);
void nm_arena_keep_one(nm_arena *arena);

/*
 * Returns memory aligned for any type, which lasts until the next reset; NULL at the limit, or if
 * memory is short.
 */
static inline void *nm_arena_alloc(nm_arena *arena, size_t size)
{
    const size_t mask = alignof(max_align_t) - 1;
    nm_arena_block *block = arena->blocks;

    if (block == NULL || size > block->size - block->used)
        return nm_arena_alloc_slowly(arena, size);
    size = (size + mask) & ~mask;
    if (arena->limit != 0 && size > arena->limit - arena->used)
        return nm_arena_alloc_slowly(arena, size);
    void *memory = block->bytes + block->used;
    block->used += size;
    arena->used += size;
    return memory;
}

/*
 * Takes back all memory that was handed out. The largest block of up to NM_ARENA_LARGEST_KEPT bytes
 * is kept, the others are freed.
 */
static inline void nm_arena_reset(nm_arena *arena)
{
    nm_arena_block *block = arena->blocks;

    if (block != NULL && (block->next != NULL || block->size > NM_ARENA_LARGEST_KEPT))
        nm_arena_keep_one(arena);
    else if (block != NULL)
        block->used = 0;
    arena->used = 0;
    arena->exhausted = false;
}

/* Frees all blocks; the arena is empty afterwards. */
void nm_arena_free(nm_arena *arena);

/* An allocator for protobuf-c that uses the arena; its free does nothing. */
ProtobufCAllocator nm_arena_allocator(nm_arena *arena);

#endif
