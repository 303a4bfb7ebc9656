/*
 * Replacement: a file that takes another's place once it is whole, and leaves nothing otherwise.
 * Files and folders only; calls are left to others.
 */
#ifndef NM_CHUNKED_REPLACEMENT_H
#define NM_CHUNKED_REPLACEMENT_H

#include "base/error.h"
#include "base/random.h"

#include <sys/types.h>

#define NM_REPLACEMENT_PREFIX ".natsmicro-"
#define NM_REPLACEMENT_ENDING ".tmp"

typedef struct nm_replacement {
    const char *path; /* the caller's, for texts */
    const char *name; /* its last part */
    int folder;
    int fd; /* what is to be written */
    bool replaces;
    mode_t mode; /* of what it replaces */
    char temporary[sizeof(NM_REPLACEMENT_PREFIX) + NM_TOKEN_LENGTH + sizeof(NM_REPLACEMENT_ENDING)];
} nm_replacement;

/*
 * Makes the temporary file. Otherwise INVALID_ARGUMENT (no path of a file), or what the system
 * said, with a text; there is nothing to give up then. `path` must live as long.
 */
natsmicro_status nm_replacement_begin(nm_replacement *self, const char *path, nm_error *error);

/* Puts it in place, all on disk. Whatever the outcome, nothing of it is left to give up. */
natsmicro_status nm_replacement_commit(nm_replacement *self, nm_error *error);

/* Takes it away. */
void nm_replacement_give_up(nm_replacement *self);

#endif
