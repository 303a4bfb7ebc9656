/*
 * See beyond_posix.h. The system's headers define what belongs to Linux only for _GNU_SOURCE. All
 * other files do without that.
 */
#define _GNU_SOURCE

#include "chunked/beyond_posix.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

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

int nm_folder_open(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
#ifdef O_PATH
    if (fd < 0 && errno == EACCES)
        fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
#endif
    return fd;
}

/* A folder that may not be read cannot be synced by itself. */
int nm_folder_sync(int folder, int file)
{
    if (fsync(folder) == 0 || errno == EINVAL || errno == ENOTSUP)
        return 0;
#ifdef __linux__
    if (errno == EBADF && syncfs(file) == 0)
        return 0;
#else
    (void)file;
#endif
    return errno;
}

bool nm_is_mount_point(int folder, const char *name)
{
#ifdef STATX_ATTR_MOUNT_ROOT
    struct statx about;
    return statx(folder, name, AT_SYMLINK_NOFOLLOW, STATX_TYPE, &about) == 0 &&
           (about.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
#else
    (void)folder;
    (void)name;
    return false;
#endif
}
