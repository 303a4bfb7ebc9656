/*
 * Arena: memory for one decoded message at a time. A reset keeps the largest block, so a stream's
 * steady state allocates nothing. Not locked: one thread at a time.
 */
#ifndef NM_CODEC_ARENA_H
#define NM_CODEC_ARENA_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct nm_arena_block nm_arena_block;

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

/* Memory aligned for any type, or NULL at the limit or when memory is short. */
void *nm_arena_alloc(nm_arena *arena, size_t size);

/* Everything handed out is gone; keeps the largest block, if it is not above 1 MiB. */
void nm_arena_reset(nm_arena *arena);

void nm_arena_free(nm_arena *arena);

/* An allocator over the arena for protobuf-c; its free does nothing. */
ProtobufCAllocator nm_arena_allocator(nm_arena *arena);

#endif
