/*
 * Arena: memory for one decoded message at a time. A reset keeps the largest block, so a stream's
 * steady state allocates nothing. Not locked: one thread at a time.
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
    size_t size; /* of bytes */
    size_t used;
    alignas(max_align_t) uint8_t bytes[];
};

typedef struct nm_arena {
    nm_arena_block *blocks; /* the newest first */
    size_t used;            /* bytes handed out since the reset */
    size_t limit;           /* most bytes to hand out; 0: none */
    bool exhausted;         /* memory was refused: the limit was hit, or there is none */
} nm_arena;

#define NM_ARENA_INIT     \
    {                     \
        NULL, 0, 0, false \
    }

#define NM_ARENA_LARGEST_KEPT ((size_t)1 << 20)

/*
 * What the two below do not do in place: a new block or NULL; of several blocks, or a large one,
 * what is kept.
 */
void *nm_arena_alloc_slowly(nm_arena *arena, size_t size);
void nm_arena_keep_one(nm_arena *arena);

/* Memory aligned for any type, or NULL at the limit or when memory is short. */
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
 * Everything handed out is gone; keeps the largest block, if it is not above NM_ARENA_LARGEST_KEPT.
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

void nm_arena_free(nm_arena *arena);

/* An allocator over the arena for protobuf-c; its free does nothing. */
ProtobufCAllocator nm_arena_allocator(nm_arena *arena);

#endif
