/*
 * See unnamed.h. O_TMPFILE belongs to Linux and not to POSIX, so the system's headers define it
 * only for _GNU_SOURCE. All other files do without that.
 */
#define _GNU_SOURCE

#include "chunked/unnamed.h"

#include <errno.h>
#include <fcntl.h>

int nm_unnamed_open(int folder, mode_t mode)
{
#ifdef O_TMPFILE
    return openat(folder, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, mode);
#else
    (void)folder;
    (void)mode;
    errno = ENOTSUP;
    return -1;
#endif
}
