/*
 * See replacement.h. Files are named relative to an open descriptor of their folder, so nothing
 * goes astray when the folder is renamed meanwhile.
 */
#include "chunked/replacement.h"
#include "chunked/beyond_posix.h"
#include "chunked/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Opens the folder of a path. Returns its descriptor, or -1 with errno. */
static int open_folder(const char *path, const char *name)
{
    size_t length = (size_t)(name - path);
    if (length == 0)
        return nm_folder_open(".");
    char *folder = malloc(length + 1);
    if (folder == NULL)
        return -1;
    memcpy(folder, path, length);
    folder[length] = '\0';
    int fd = nm_folder_open(folder);
    int number = errno;
    free(folder);
    errno = number;
    return fd;
}

/*
 * Checks that the path names a file whose place can be taken, a symbolic link, or nothing, and
 * notes the file's rights. Returns 0 or an errno.
 */
static int look_at_target(nm_replacement *self)
{
    self->replaces = false;
    struct stat about;
    if (fstatat(self->folder, self->name, &about, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? 0 : errno;
    if (S_ISLNK(about.st_mode))
        return 0;
    if (!S_ISREG(about.st_mode))
        return S_ISDIR(about.st_mode) ? EISDIR : EINVAL;
    if (nm_is_mount_point(self->folder, self->name))
        return EBUSY;
    self->replaces = true;
    self->mode = about.st_mode & 07777;
    self->owner = about.st_uid;
    self->group = about.st_gid;
    return 0;
}

natsmicro_status nm_replacement_begin(nm_replacement *self, const char *path, nm_error *error)
{
    const char *slash = strrchr(path, '/');
    *self = (nm_replacement){.path = path, .name = slash != NULL ? slash + 1 : path, .folder = -1};
    if (self->name[0] == '\0')
        return nm_errno_error(error, path, path[0] == '\0' ? ENOENT : EISDIR);
    self->folder = open_folder(path, self->name);
    int number = self->folder < 0 ? errno : look_at_target(self);
    if (number == 0) /* what it replaces may be secret: then its owner alone may read it */
        number = nm_temporary_make(&self->file, self->folder, self->replaces ? 0600 : 0666);
    if (number == 0)
        return NATSMICRO_OK;
    if (self->folder >= 0)
        close(self->folder);
    return nm_errno_error(error, path, number);
}

/*
 * Gives the new file the rights of the one that it replaces, as far as the process may. Where the
 * owner is another, nobody is to become that owner by running it. Where the group is another, it
 * gets no more than everybody. Returns 0 or an errno.
 */
static int keep_rights(const nm_replacement *self)
{
    int fd = self->file.fd;
    mode_t mode = self->mode;
    bool owner = fchown(fd, self->owner, (gid_t)-1) == 0;
    bool group = fchown(fd, (uid_t)-1, self->group) == 0;
    if (!owner)
        mode &= 0777;
    if (!group)
        mode = (mode & 05707) | (mode & (mode << 3) & 070);
    return fchmod(fd, mode) == 0 ? 0 : errno;
}

/* Returns 0 or an errno. */
static int put_in_place(nm_replacement *self)
{
    int number = look_at_target(self);
    if (number == 0 && self->replaces)
        number = keep_rights(self);
    if (number == 0)
        number = nm_temporary_move(&self->file, self->name);
    return number == 0 ? nm_folder_sync(self->folder, self->file.fd) : number;
}

natsmicro_status nm_replacement_commit(nm_replacement *self, nm_error *error)
{
    int number = put_in_place(self);
    nm_replacement_give_up(self);
    return number == 0 ? NATSMICRO_OK : nm_errno_error(error, self->path, number);
}

void nm_replacement_give_up(nm_replacement *self)
{
    nm_temporary_discard(&self->file);
    close(self->folder);
}
