/*
 * If a token came twice, here or in another process, calls would receive each other's messages.
 */
#include "unit/cmocka_test.h"

#include "base/random.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define N_TOKENS  20000
#define N_THREADS 4

typedef char token[NM_TOKEN_LENGTH + 1];

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void assert_all_differ(token *tokens, size_t count)
{
    qsort(tokens, count, sizeof(*tokens), compare);
    for (size_t i = 1; i < count; i++)
        assert_string_not_equal(tokens[i - 1], tokens[i]);
}

static void a_token_fits_into_a_subject(void **state)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    (void)state;
    token t;
    for (int i = 0; i < 1000; i++) {
        assert_true(nm_random_token(t));
        assert_int_equal(strlen(t), NM_TOKEN_LENGTH);
        assert_int_equal(strspn(t, alphabet), NM_TOKEN_LENGTH);
    }
}

/* Each of the first 21 characters has 6 random bits, so all 64 characters occur in each place. */
static void every_character_is_random(void **state)
{
    static unsigned seen[NM_TOKEN_LENGTH][256];

    (void)state;
    token t;
    for (int i = 0; i < N_TOKENS; i++) {
        assert_true(nm_random_token(t));
        for (size_t at = 0; at < NM_TOKEN_LENGTH; at++)
            seen[at][(unsigned char)t[at]]++;
    }
    for (size_t at = 0; at < NM_TOKEN_LENGTH; at++) {
        unsigned different = 0;

        for (size_t c = 0; c < 256; c++)
            different += seen[at][c] > 0;
        assert_int_equal(different, at == NM_TOKEN_LENGTH - 1 ? 4 : 64);
    }
}

/* 62^21 goes into 128 bits a little less than eight times: the first is one of eight. */
static void a_nuid_is_random_letters_and_digits(void **state)
{
    static unsigned seen[NM_TOKEN_LENGTH][256];
    static const char alphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    (void)state;
    token *nuids = calloc(N_TOKENS, sizeof(*nuids));
    assert_non_null(nuids);
    for (int i = 0; i < N_TOKENS; i++) {
        assert_true(nm_random_nuid(nuids[i]));
        assert_int_equal(strlen(nuids[i]), NM_TOKEN_LENGTH);
        assert_int_equal(strspn(nuids[i], alphabet), NM_TOKEN_LENGTH);
        for (size_t at = 0; at < NM_TOKEN_LENGTH; at++)
            seen[at][(unsigned char)nuids[i][at]]++;
    }
    for (size_t at = 0; at < NM_TOKEN_LENGTH; at++) {
        unsigned different = 0;
        for (size_t c = 0; c < 256; c++)
            different += seen[at][c] > 0;
        assert_int_equal(different, at == 0 ? 8 : 62);
    }
    assert_all_differ(nuids, N_TOKENS);
    free(nuids);
}

static void *make_tokens(void *closure)
{
    token *tokens = closure;

    for (size_t i = 0; i < N_TOKENS; i++)
        if (!nm_random_token(tokens[i]))
            return NULL;
    return tokens;
}

static void threads_never_get_the_same(void **state)
{
    token *tokens = calloc((size_t)N_THREADS * N_TOKENS, sizeof(*tokens));

    (void)state;
    assert_non_null(tokens);
    pthread_t threads[N_THREADS];
    for (size_t i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, make_tokens, tokens + i * N_TOKENS), 0);
    void *made;
    for (size_t i = 0; i < N_THREADS; i++) {
        pthread_join(threads[i], &made);
        assert_non_null(made);
    }
    assert_all_differ(tokens, (size_t)N_THREADS * N_TOKENS);
    free(tokens);
}

static void a_child_never_gets_its_parents(void **state)
{
    (void)state;
    token tokens[64];
    assert_true(nm_random_token(tokens[0])); /* the pool is filled */
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        for (size_t i = 0; i < 32; i++)
            if (!nm_random_token(tokens[i]))
                _exit(1);
        _exit(write(ends[1], tokens, 32 * sizeof(*tokens)) == 32 * (ssize_t)sizeof(*tokens) ? 0
                                                                                            : 1);
    }
    assert_int_equal(read(ends[0], tokens, 32 * sizeof(*tokens)), 32 * sizeof(*tokens));
    assert_int_equal(waitpid(child, NULL, 0), child);
    for (size_t i = 32; i < 64; i++)
        assert_true(nm_random_token(tokens[i]));
    assert_all_differ(tokens, 64);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_fits_into_a_subject),
        cmocka_unit_test(every_character_is_random),
        cmocka_unit_test(a_nuid_is_random_letters_and_digits),
        cmocka_unit_test(threads_never_get_the_same),
        cmocka_unit_test(a_child_never_gets_its_parents),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
