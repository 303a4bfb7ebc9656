/*
 * Removes the temporary files that killed receivers have left in a folder.
 */
#include "base/last_error.h"
#include "chunked/descriptor.h"
#include "chunked/temporary.h"
#include "natsmicro/chunked.h"

#include <dirent.h>
#include <errno.h>

/* Adds to *count what it removes. Returns 0, or the errno of a folder that cannot be read on. */
static int remove_from(DIR *folder, size_t *count)
{
    for (;;) {
        errno = 0; /* at the end readdir leaves it alone */
        const struct dirent *entry = readdir(folder);
        if (entry == NULL)
            return errno;
        if (nm_temporary_remove_leftover(dirfd(folder), entry->d_name))
            ++*count;
    }
}

natsmicro_status natsmicro_chunked_remove_leftovers(const char *folder, size_t *removed)
{
    size_t count = 0;
    DIR *opened = folder != NULL ? opendir(folder) : NULL;
    int number = folder == NULL ? EINVAL : opened == NULL ? errno : remove_from(opened, &count);
    if (opened != NULL)
        closedir(opened);
    if (removed != NULL)
        *removed = count;
    if (number == 0)
        return NATSMICRO_OK;
    nm_error error = NM_ERROR_INIT;
    natsmicro_status status = nm_errno_error(&error, folder != NULL ? folder : "", number);
    nm_last_error_note(status, &error);
    nm_error_clear(&error);
    return status;
}
