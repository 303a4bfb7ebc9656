/*
 * Beyond POSIX: what Linux has and POSIX has not, and what takes its place elsewhere.
 */
#ifndef NM_CHUNKED_BEYOND_POSIX_H
#define NM_CHUNKED_BEYOND_POSIX_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Makes a file without a name on the file system of a folder and opens it for writing. It is gone
 * when its last descriptor is closed, even by a SIGKILL, unless linkat has given it a name before.
 * Returns the descriptor, or -1 with errno.
 */
int nm_unnamed_open(int folder, mode_t mode);

/*
 * Opens a folder to make, name and find files in it, which takes no right to read it. Returns its
 * descriptor, or -1 with errno.
 */
int nm_folder_open(const char *path);

/*
 * Writes to disk which names a folder holds; `file` is an open file of its file system. Returns 0
 * or an errno. A file system that cannot sync a folder does not need it.
 */
int nm_folder_sync(int folder, int file);

/* Whether something is mounted there, so that no other file can take the name. */
bool nm_is_mount_point(int folder, const char *name);

#endif
