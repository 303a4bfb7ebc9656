/*
 * Random tokens for inboxes and ids, from the system's generator.
 */
#ifndef NM_BASE_RANDOM_H
#define NM_BASE_RANDOM_H

#include <stdbool.h>

/* 128 random bits as characters that a subject's token may have (A-Z a-z 0-9 - _), NUL behind. */
#define NM_TOKEN_LENGTH 22

/* False when the system gives no random bytes. */
bool nm_random_token(char token[NM_TOKEN_LENGTH + 1]);

#endif
