/*
 * Temporary files: their makers lose none to those who look for leftovers at the same time.
 */
#include "chunked/temporary.h"

#include "unit/cmocka_test.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Files are made until this many were removed before their lock, or until there were enough. */
#define MEETINGS 20
#define FILES    50000

typedef struct remover {
    pthread_t thread;
    int folder;
    char path[128];
    atomic_bool stop;
    atomic_int removed;
} remover;

static void *remove_without_pause(void *argument)
{
    remover *self = argument;
    while (!atomic_load(&self->stop)) {
        DIR *folder = opendir(self->path);
        const struct dirent *entry;
        while (folder != NULL && (entry = readdir(folder)) != NULL)
            if (nm_temporary_remove_leftover(self->folder, entry->d_name))
                atomic_fetch_add(&self->removed, 1);
        closedir(folder);
    }
    return NULL;
}

static void remover_start(remover *self)
{
    const char *where = getenv("TMPDIR");
    memset(self, 0, sizeof(*self));
    snprintf(self->path, sizeof(self->path), "%s/natsmicro-test-XXXXXX",
             where != NULL ? where : "/tmp");
    assert_non_null(mkdtemp(self->path));
    self->folder = open(self->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(self->folder >= 0);
    assert_int_equal(pthread_create(&self->thread, NULL, remove_without_pause, self), 0);
}

static void remover_stop(remover *self)
{
    atomic_store(&self->stop, true);
    pthread_join(self->thread, NULL);
    close(self->folder);
    assert_int_equal(rmdir(self->path), 0);
}

static void a_file_that_was_made_is_not_removed(void **state)
{
    (void)state;
    mode_t before = umask(0); /* then each has a name */
    remover other;
    remover_start(&other);
    int lost = 0;
    int failed = 0;
    for (int i = 0; i < FILES && atomic_load(&other.removed) < MEETINGS; i++) {
        nm_temporary file;
        if (nm_temporary_make(&file, other.folder, 0666) != 0) {
            failed++;
            continue;
        }
        struct stat about;
        lost += fstatat(other.folder, file.name, &about, AT_SYMLINK_NOFOLLOW) != 0 ? 1 : 0;
        nm_temporary_discard(&file);
    }
    umask(before);
    remover_stop(&other);
    assert_int_equal(failed, 0);
    assert_int_equal(lost, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_that_was_made_is_not_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
