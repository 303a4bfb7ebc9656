/*
 * Replacement: a file that takes the place of another once it is whole, and otherwise leaves
 * nothing. It knows files and folders, and no calls.
 */
#ifndef NM_CHUNKED_REPLACEMENT_H
#define NM_CHUNKED_REPLACEMENT_H

#include "base/error.h"
#include "chunked/temporary.h"

typedef struct nm_replacement {
    const char *path; /* for texts; not copied */
    const char *name; /* its last part */
    int folder;       /* a descriptor of the folder */
    bool replaces;    /* there is a file at the path */
    mode_t mode;      /* of that file, as its owner and group */
    uid_t owner;
    gid_t group;
    nm_temporary file;
} nm_replacement;

/*
 * Makes the temporary file. `path` must outlive the replacement. Returns OK, INVALID_ARGUMENT if
 * the path cannot be a file's, or what stands for the system's error, with a text; then there is
 * nothing to give up.
 */
natsmicro_status nm_replacement_begin(nm_replacement *self, const char *path, nm_error *error);

/* Puts the file in place, all of it on disk. Nothing is left to give up, even if it fails. */
natsmicro_status nm_replacement_commit(nm_replacement *self, nm_error *error);

/* Removes the temporary file. */
void nm_replacement_give_up(nm_replacement *self);

#endif
