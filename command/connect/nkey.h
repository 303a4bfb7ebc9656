/*
 * Nkey: the public key of a seed, which a client tells the broker.
 */
#ifndef CMD_CONNECT_NKEY_H
#define CMD_CONNECT_NKEY_H

#include <stdbool.h>
#include <stddef.h>

/* "U" and 55 more characters, and a NUL. */
#define CMD_NKEY_SIZE 57

/*
 * Finds the seed of a user, "SU…", in the text of a file, and its public key. Both are written with
 * a NUL; a seed has 58 characters. False: there is no such seed.
 */
#define CMD_SEED_SIZE 59
bool cmd_read_seed(const char *text, char seed[CMD_SEED_SIZE], char public_key[CMD_NKEY_SIZE]);

#endif
