/*
 * A stream's messages are decoded into an arena. It must neither leak, nor grow, nor give out the
 * same memory twice.
 */
#include "unit/cmocka_test.h"

#include "codec/arena.h"

#include <stdalign.h>
#include <string.h>

static void memory_is_aligned_and_apart(void **state)
{
    nm_arena arena = NM_ARENA_INIT;

    (void)state;
    uint8_t *pieces[200];
    for (size_t i = 0; i < 200; i++) {
        pieces[i] = nm_arena_alloc(&arena, i);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
        memset(pieces[i], (int)i, i);
    }
    for (size_t i = 0; i < 200; i++)
        for (size_t at = 0; at < i; at++)
            assert_int_equal(pieces[i][at], i);
    nm_arena_free(&arena);
}

static void the_limit_is_kept(void **state)
{
    nm_arena arena = NM_ARENA_INIT;

    (void)state;
    arena.limit = 1000;
    assert_non_null(nm_arena_alloc(&arena, 600));
    assert_false(arena.exhausted);
    assert_null(nm_arena_alloc(&arena, 600));
    assert_true(arena.exhausted);
    assert_null(nm_arena_alloc(&arena, SIZE_MAX));
    assert_null(nm_arena_alloc(&arena, SIZE_MAX - 8));
    assert_non_null(nm_arena_alloc(&arena, 300));
    assert_true(arena.used <= 1000);
    nm_arena_reset(&arena);
    assert_false(arena.exhausted);
    assert_non_null(nm_arena_alloc(&arena, 600));
    nm_arena_free(&arena);
}

/* After one message, the next one like it needs no new block, whatever its pieces are. */
static void the_steady_state_allocates_nothing(void **state)
{
    static const size_t sizes[] = {72, 131072, 16, 4000, 5000, 100000};
    nm_arena arena = NM_ARENA_INIT;
    const nm_arena_block *block = NULL;

    (void)state;
    for (int round = 0; round < 20; round++) {
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
            assert_non_null(nm_arena_alloc(&arena, sizes[i]));
        if (round > 0)
            assert_ptr_equal(arena.blocks, block);
        nm_arena_reset(&arena);
        block = arena.blocks;
        assert_non_null(block);
    }
    nm_arena_free(&arena);
}

static void a_huge_block_is_not_kept(void **state)
{
    nm_arena arena = NM_ARENA_INIT;

    (void)state;
    assert_non_null(nm_arena_alloc(&arena, (size_t)2 << 20));
    nm_arena_reset(&arena);
    assert_null(arena.blocks);
    assert_int_equal(arena.used, 0);
    nm_arena_free(&arena);
}

static void an_allocators_free_does_nothing(void **state)
{
    nm_arena arena = NM_ARENA_INIT;
    ProtobufCAllocator allocator = nm_arena_allocator(&arena);
    char *memory = allocator.alloc(allocator.allocator_data, 6);

    (void)state;
    assert_non_null(memory);
    memcpy(memory, "hello", 6);
    allocator.free(allocator.allocator_data, memory);
    assert_string_equal(memory, "hello");
    nm_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_aligned_and_apart),
        cmocka_unit_test(the_limit_is_kept),
        cmocka_unit_test(the_steady_state_allocates_nothing),
        cmocka_unit_test(a_huge_block_is_not_kept),
        cmocka_unit_test(an_allocators_free_does_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
