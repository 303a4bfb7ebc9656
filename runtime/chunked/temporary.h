/*
 * Temporary: the file that bytes are received into before it takes its place.
 *
 * Where the system allows it, the file has no name until all has been received, so that a process
 * that is killed leaves nothing. Elsewhere it has a name in its folder from the start. The name
 * begins with NM_TEMPORARY_PREFIX and ends with NM_TEMPORARY_ENDING.
 *
 * A lock (flock) says that the file is in use. Its maker holds the lock until the file has its
 * place or is removed. So a file with such a name and without a lock is a leftover of a killed
 * process.
 */
#ifndef NM_CHUNKED_TEMPORARY_H
#define NM_CHUNKED_TEMPORARY_H

#include "base/random.h"

#include <stdbool.h>
#include <sys/types.h>

#define NM_TEMPORARY_PREFIX ".natsmicro-"
#define NM_TEMPORARY_ENDING ".tmp"

typedef struct nm_temporary {
    int folder; /* a descriptor of its folder; belongs to the caller */
    int fd;     /* to write to; -1: there is no file */
    /* In the folder; "": it has none. */
    char name[sizeof(NM_TEMPORARY_PREFIX) + NM_TOKEN_LENGTH + sizeof(NM_TEMPORARY_ENDING)];
} nm_temporary;

/* Makes the file, with this mode less the umask. Returns 0, or an errno and there is no file. */
int nm_temporary_make(nm_temporary *self, int folder, mode_t mode);

/*
 * Writes the file to disk and renames it to `target` in its folder, over the file of that name. It
 * does not sync the folder. Returns 0 or an errno. The file must be discarded in both cases.
 */
int nm_temporary_move(nm_temporary *self, const char *target);

/* Closes the file, and removes it unless it was moved. */
void nm_temporary_discard(nm_temporary *self);

/* Removes the file of this name if it is a leftover, and returns whether it did. */
bool nm_temporary_remove_leftover(int folder, const char *name);

#endif
