/*
 * The rights that a replacement takes and keeps. Tests that need rights of others run as root, and
 * give them up in a process of their own.
 */
#define _GNU_SOURCE

#include "chunked/replacement.h"

#include "unit/cmocka_test.h"

#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

/* What a process ends with that could not be set up. */
#define NOT_SET_UP 100

typedef struct place {
    char folder[64];
    char path[80];
} place;

static void place_make(place *self, mode_t mode)
{
    snprintf(self->folder, sizeof(self->folder), "/tmp/replacement-XXXXXX");
    assert_non_null(mkdtemp(self->folder));
    snprintf(self->path, sizeof(self->path), "%s/file", self->folder);
    assert_int_equal(chmod(self->folder, mode), 0);
}

static void place_remove(place *self)
{
    unlink(self->path);
    assert_int_equal(rmdir(self->folder), 0);
}

static void make_file(const place *self, uid_t owner, gid_t group, mode_t mode)
{
    FILE *file = fopen(self->path, "w");
    assert_non_null(file);
    assert_int_equal(fputs("old", file) >= 0 && fclose(file) == 0, 1);
    assert_int_equal(chown(self->path, owner, group), 0);
    assert_int_equal(chmod(self->path, mode), 0);
}

static void expect_new(const place *self, uid_t owner, gid_t group, mode_t mode)
{
    struct stat about;
    assert_int_equal(stat(self->path, &about), 0);
    assert_int_equal(about.st_size, strlen("new!"));
    assert_int_equal(about.st_uid, owner);
    assert_int_equal(about.st_gid, group);
    assert_int_equal(about.st_mode & 07777, mode);
}

/* Replaces the file. Returns the status, also from another process. */
static int replace(const char *path)
{
    nm_error error = NM_ERROR_INIT;
    nm_replacement self;
    natsmicro_status status = nm_replacement_begin(&self, path, &error);
    if (status == NATSMICRO_OK && write(self.file.fd, "new!", 4) != 4)
        status = NATSMICRO_UNKNOWN;
    if (status == NATSMICRO_OK)
        status = nm_replacement_commit(&self, &error);
    nm_error_clear(&error);
    return status;
}

static int in_a_process(int (*run)(const char *path), const char *path)
{
    pid_t child = fork();
    if (child == 0)
        _exit(run(path));
    int ended;
    assert_int_equal(waitpid(child, &ended, 0), child);
    return WIFEXITED(ended) ? WEXITSTATUS(ended) : -1;
}

static int replace_as_nobody(const char *path)
{
    if (setgroups(0, NULL) != 0 || setgid(NOBODY) != 0 || setuid(NOBODY) != 0)
        return NOT_SET_UP;
    return replace(path);
}

static void require_root(void)
{
    if (geteuid() != 0)
        skip();
}

/* ---- the folder ---- */

static void a_folder_need_not_be_readable(void **state)
{
    (void)state;
    require_root();
    place here;
    place_make(&here, 0300);
    assert_int_equal(chown(here.folder, NOBODY, NOBODY), 0);
    assert_int_equal(in_a_process(replace_as_nobody, here.path), NATSMICRO_OK);
    expect_new(&here, NOBODY, NOBODY, 0644);
    assert_int_equal(in_a_process(replace_as_nobody, here.path), NATSMICRO_OK);
    place_remove(&here);
}

static void a_folder_that_may_not_be_written_is_refused(void **state)
{
    (void)state;
    require_root();
    place here;
    place_make(&here, 0700);
    assert_int_equal(in_a_process(replace_as_nobody, here.path), NATSMICRO_PERMISSION_DENIED);
    place_remove(&here);
}

/* ---- owner, group and mode ---- */

static void owner_and_group_are_kept_where_the_process_may(void **state)
{
    (void)state;
    require_root();
    place here;
    place_make(&here, 0700);
    make_file(&here, NOBODY, NOBODY, 06640);
    assert_int_equal(replace(here.path), NATSMICRO_OK);
    expect_new(&here, NOBODY, NOBODY, 06640);
    place_remove(&here);
}

/* The old group could write, and everybody read. */
static void another_group_may_do_what_everybody_may(void **state)
{
    (void)state;
    require_root();
    place here;
    place_make(&here, 0777);
    make_file(&here, NOBODY, 0, 02664);
    assert_int_equal(in_a_process(replace_as_nobody, here.path), NATSMICRO_OK);
    expect_new(&here, NOBODY, NOBODY, 0644);
    place_remove(&here);
}

static void another_owner_lends_no_rights(void **state)
{
    (void)state;
    require_root();
    place here;
    place_make(&here, 0777);
    make_file(&here, 0, 0, 04755);
    assert_int_equal(in_a_process(replace_as_nobody, here.path), NATSMICRO_OK);
    expect_new(&here, NOBODY, NOBODY, 0755);
    place_remove(&here);
}

/* ---- what is mounted ---- */

static int begin_on_mounted(const char *path)
{
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount(path, path, NULL, MS_BIND, NULL) != 0)
        return NOT_SET_UP;
    nm_error error = NM_ERROR_INIT;
    nm_replacement self;
    natsmicro_status status = nm_replacement_begin(&self, path, &error);
    if (status == NATSMICRO_OK)
        nm_replacement_give_up(&self);
    nm_error_clear(&error);
    return status;
}

static void a_mounted_file_is_refused_before_anything_is_received(void **state)
{
    (void)state;
    place here;
    place_make(&here, 0700);
    make_file(&here, geteuid(), getegid(), 0644);
    int status = in_a_process(begin_on_mounted, here.path);
    place_remove(&here);
    if (status == NOT_SET_UP)
        skip();
    assert_int_equal(status, NATSMICRO_FAILED_PRECONDITION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder_need_not_be_readable),
        cmocka_unit_test(a_folder_that_may_not_be_written_is_refused),
        cmocka_unit_test(owner_and_group_are_kept_where_the_process_may),
        cmocka_unit_test(another_group_may_do_what_everybody_may),
        cmocka_unit_test(another_owner_lends_no_rights),
        cmocka_unit_test(a_mounted_file_is_refused_before_anything_is_received),
    };
    umask(022);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
