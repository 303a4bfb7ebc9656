/*
 * Random: tokens for inboxes and ids, from the system's random generator.
 */
#ifndef NM_BASE_RANDOM_H
#define NM_BASE_RANDOM_H

#include <stdbool.h>

/* 128 random bits take 22 of the characters A-Z a-z 0-9 - _, which may all be in a subject. */
#define NM_TOKEN_LENGTH 22

/* Writes a token and a NUL. Any thread. Returns false if the system gives no random bytes. */
bool nm_random_token(char token[NM_TOKEN_LENGTH + 1]);

/* The same of the characters 0-9 A-Z a-z alone, which NATS calls a nuid. */
bool nm_random_nuid(char nuid[NM_TOKEN_LENGTH + 1]);

#endif
