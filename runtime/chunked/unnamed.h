/*
 * Unnamed: a file without a name, where the system has such files.
 */
#ifndef NM_CHUNKED_UNNAMED_H
#define NM_CHUNKED_UNNAMED_H

#include <sys/types.h>

/*
 * Makes a file on the file system of a folder and opens it for writing. It is gone when its last
 * descriptor is closed, even by a SIGKILL, unless linkat has given it a name before. Returns the
 * descriptor, or -1 with errno.
 */
int nm_unnamed_open(int folder, mode_t mode);

#endif
