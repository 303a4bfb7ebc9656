/*
 * Random: see random.h. Each thread keeps a pool of bytes from getrandom, so that most tokens cost
 * no system call. No byte is used twice, not even by parent and child after a fork.
 */
#include "base/random.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

#define TOKEN_BYTES 16
#define POOL_BYTES  (32 * TOKEN_BYTES)

typedef struct pool {
    uint8_t bytes[POOL_BYTES];
    size_t left;    /* bytes not given out yet, at the front */
    unsigned forks; /* the process's count when it was filled */
} pool;

static _Thread_local pool thread_pool;

/* Grows in each child process: a pool that was filled before belongs to the parent, too. */
static atomic_uint forks = 1;
static pthread_once_t fork_handler_once = PTHREAD_ONCE_INIT;

static void count_fork(void)
{
    atomic_fetch_add(&forks, 1);
}

static void install_fork_handler(void)
{
    pthread_atfork(NULL, NULL, count_fork);
}

static bool fill(pool *p)
{
    size_t done = 0;

    pthread_once(&fork_handler_once, install_fork_handler);
    p->left = 0;
    while (done < POOL_BYTES) {
        ssize_t got = getrandom(p->bytes + done, POOL_BYTES - done, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        done += (size_t)got;
    }
    p->forks = atomic_load(&forks);
    p->left = POOL_BYTES;
    return true;
}

/* A character holds 6 bits, so 16 bytes make 21 characters and 2 bits. */
static void write_token(char *token, const uint8_t *bytes)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned bits = 0;
    unsigned n_bits = 0;
    size_t length = 0;

    for (size_t i = 0; i < TOKEN_BYTES; i++) {
        bits = (bits << 8 | bytes[i]) & 0xffff;
        for (n_bits += 8; n_bits >= 6; n_bits -= 6)
            token[length++] = alphabet[bits >> (n_bits - 6) & 0x3f];
    }
    token[length++] = alphabet[bits << (6 - n_bits) & 0x3f];
    token[length] = '\0';
}

/* 22 digits to the base of 62 are a little more than 16 bytes. */
static void write_nuid(char *nuid, const uint8_t *bytes)
{
    static const char alphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    uint8_t number[TOKEN_BYTES];
    memcpy(number, bytes, TOKEN_BYTES);
    for (size_t at = NM_TOKEN_LENGTH; at-- > 0;) {
        unsigned rest = 0;
        for (size_t i = 0; i < TOKEN_BYTES; i++) {
            rest = rest << 8 | number[i];
            number[i] = (uint8_t)(rest / 62);
            rest %= 62;
        }
        nuid[at] = alphabet[rest];
    }
    nuid[NM_TOKEN_LENGTH] = '\0';
}

static bool take_bytes(void (*write)(char *token, const uint8_t *bytes), char *token)
{
    pool *p = &thread_pool;

    if ((p->left < TOKEN_BYTES || p->forks != atomic_load(&forks)) && !fill(p))
        return false;
    p->left -= TOKEN_BYTES;
    write(token, p->bytes + p->left);
    /* A used token must not be found in memory. */
    memset(p->bytes + p->left, 0, TOKEN_BYTES);
    return true;
}

bool nm_random_token(char token[NM_TOKEN_LENGTH + 1])
{
    return take_bytes(write_token, token);
}

bool nm_random_nuid(char nuid[NM_TOKEN_LENGTH + 1])
{
    return take_bytes(write_nuid, nuid);
}
