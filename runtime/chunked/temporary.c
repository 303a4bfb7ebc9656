/*
 * See temporary.h.
 */
#include "chunked/temporary.h"
#include "chunked/beyond_posix.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Another file is made when somebody took the one before for a leftover, at most this often. */
#define MOST_ATTEMPTS 100

/* In bytes: the sync of a smaller file takes hardly longer than that of an empty one. */
#define LARGE 1048576

/* ---- making ---- */

/* Returns 0 or an errno. */
static int choose_name(nm_temporary *self)
{
    char token[NM_TOKEN_LENGTH + 1];
    if (!nm_random_token(token))
        return EIO;
    snprintf(self->name, sizeof(self->name), "%s%s%s", NM_TEMPORARY_PREFIX, token,
             NM_TEMPORARY_ENDING);
    return 0;
}

/*
 * Returns false if somebody who looks for leftovers holds the lock. A file system without locks is
 * no failure: nobody gets a lock there, so nobody takes the file for a leftover.
 */
static bool lock(const nm_temporary *self)
{
    return flock(self->fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

/* Whether nobody took the file for a leftover and removed it before it was locked. */
static bool is_there(const nm_temporary *self)
{
    struct stat about;
    return fstat(self->fd, &about) == 0 && about.st_nlink > 0;
}

static int make_with_name(nm_temporary *self, mode_t mode)
{
    for (int attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
        int number = choose_name(self);
        if (number != 0)
            return number;
        self->fd = openat(self->folder, self->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (self->fd < 0)
            return errno;
        if (lock(self) && is_there(self))
            return 0;
        nm_temporary_discard(self);
    }
    return EBUSY;
}

/*
 * A path to an open file, which linkat can give a name by. It is the thread's, because that of the
 * process is empty once the first thread has ended.
 */
typedef char descriptor_path[48];

static void path_of_descriptor(int fd, descriptor_path path)
{
    snprintf(path, sizeof(descriptor_path), "/proc/thread-self/fd/%d", fd);
}

/*
 * Whether a file without a name can be named later, which takes /proc, and is protected by the
 * umask. Kernels before 6.0 forget the umask where a file system has no access control lists. The
 * umask cannot be read without changing it for all threads, so a file that everybody may write to
 * is not used.
 */
static bool is_of_use(int fd)
{
    descriptor_path path;
    path_of_descriptor(fd, path);
    struct stat file, found;
    return fstat(fd, &file) == 0 && stat(path, &found) == 0 && file.st_dev == found.st_dev &&
           file.st_ino == found.st_ino && (file.st_mode & 0666) != 0666;
}

static bool make_without_name(nm_temporary *self, mode_t mode)
{
    self->fd = nm_unnamed_open(self->folder, mode);
    if (self->fd < 0)
        return false;
    if (is_of_use(self->fd) && lock(self))
        return true;
    close(self->fd);
    return false;
}

int nm_temporary_make(nm_temporary *self, int folder, mode_t mode)
{
    *self = (nm_temporary){.folder = folder, .fd = -1};
    return make_without_name(self, mode) ? 0 : make_with_name(self, mode);
}

/* ---- its place ---- */

/* Returns 0 or an errno. */
static int give_name(nm_temporary *self)
{
    int number = choose_name(self);
    descriptor_path path;
    path_of_descriptor(self->fd, path);
    if (number == 0 && linkat(AT_FDCWD, path, self->folder, self->name, AT_SYMLINK_FOLLOW) != 0)
        number = errno;
    if (number != 0)
        self->name[0] = '\0';
    return number;
}

static bool is_large(int fd)
{
    struct stat about;
    return fstat(fd, &about) == 0 && about.st_size > LARGE;
}

/*
 * Returns 0 or an errno. The file must be synced with its name: Btrfs does not make a file without
 * one durable. As that takes long for a large file, its bytes are synced before it gets the name.
 */
static int name_and_sync(nm_temporary *self)
{
    if (self->name[0] == '\0') {
        if (is_large(self->fd) && fsync(self->fd) != 0)
            return errno;
        int number = give_name(self);
        if (number != 0)
            return number;
    }
    return fsync(self->fd) == 0 ? 0 : errno;
}

/* The file stays open until it has its place, because closing it gives up the lock. */
int nm_temporary_move(nm_temporary *self, const char *target)
{
    int number = name_and_sync(self);
    if (number == 0 && renameat(self->folder, self->name, self->folder, target) != 0)
        number = errno;
    if (number == 0)
        self->name[0] = '\0';
    return number;
}

void nm_temporary_discard(nm_temporary *self)
{
    if (self->name[0] != '\0')
        unlinkat(self->folder, self->name, 0);
    if (self->fd >= 0)
        close(self->fd);
    self->name[0] = '\0';
    self->fd = -1;
}

/* ---- leftovers ---- */

static bool has_temporary_name(const char *name)
{
    size_t length = strlen(name);
    size_t prefix = strlen(NM_TEMPORARY_PREFIX);
    size_t ending = strlen(NM_TEMPORARY_ENDING);
    return length > prefix + ending && strncmp(name, NM_TEMPORARY_PREFIX, prefix) == 0 &&
           strcmp(name + length - ending, NM_TEMPORARY_ENDING) == 0;
}

/*
 * A shared lock conflicts with the maker's, and a network file system grants it to a reader. It is
 * held while the file is removed, so that a maker who has not locked it yet notices.
 */
bool nm_temporary_remove_leftover(int folder, const char *name)
{
    if (!has_temporary_name(name))
        return false;
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return false;
    struct stat about;
    bool removed = fstat(fd, &about) == 0 && S_ISREG(about.st_mode) &&
                   flock(fd, LOCK_SH | LOCK_NB) == 0 && unlinkat(folder, name, 0) == 0;
    close(fd);
    return removed;
}
