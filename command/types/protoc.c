/*
 * Protoc: see protoc.h.
 */
#include "types/protoc.h"

#include "schema/carried.h"
#include "text/file.h"
#include "text/report.h"
#include "types/set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct cmd_arguments {
    gen_pool *pool;
    char **items; /* has room for all */
    size_t count;
} cmd_arguments;

static void add(cmd_arguments *arguments, const char *before, const char *text)
{
    arguments->items[arguments->count++] = gen_pool_format(arguments->pool, "%s%s", before, text);
}

/* Whether a path stays below the working folder, as protoc's default wants it. */
static bool is_below(const char *path)
{
    return path[0] != '/' && strncmp(path, "../", 3) != 0;
}

static void add_folder_of(cmd_arguments *arguments, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (is_below(path) || slash == NULL)
        add(arguments, "-I", ".");
    else
        add(arguments, "-I", gen_pool_copy(arguments->pool, path, (size_t)(slash - path)));
}

static char **make_arguments(const cmd_settings *settings, const char *carried, const char *output)
{
    size_t most = settings->includes.count + 2 * settings->protos.count + 8;
    cmd_arguments arguments = {settings->pool, gen_pool_alloc(settings->pool, most, sizeof(char *)),
                               0};
    add(&arguments, "protoc", "");
    for (size_t i = 0; i < settings->includes.count; i++)
        add(&arguments, "-I", settings->includes.items[i]);
    if (settings->includes.count == 0)
        add_folder_of(&arguments, settings->protos.items[0]);
    add(&arguments, "--descriptor_set_in=", carried);
    add(&arguments, "--descriptor_set_out=", output);
    add(&arguments, "--include_imports", "");
    for (size_t i = 0; i < settings->protos.count; i++)
        add(&arguments, "", settings->protos.items[i]);
    return arguments.items;
}

/* protoc speaks on stderr itself. */
static int run(char **arguments)
{
    pid_t child = fork();
    if (child == 0) {
        execvp(arguments[0], arguments);
        _exit(errno == ENOENT ? 127 : 126);
    }
    int status = 0;
    while (child > 0 && waitpid(child, &status, 0) < 0) {
        if (errno != EINTR)
            break;
    }
    if (child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return CMD_DONE;
    if (child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 127)
        return cmd_fail(CMD_WRONG_USAGE,
                        "--proto needs protoc, which is not installed (protobuf-compiler)");
    return cmd_fail(CMD_WRONG_USAGE, "protoc could not read the files of --proto");
}

/* An empty temporary file; NULL: it was told why there is none. */
static const char *make_temporary(gen_pool *pool)
{
    const char *folder = getenv("TMPDIR");
    char *path = gen_pool_format(pool, "%s/natsmicro-XXXXXX",
                                 folder != NULL && *folder != '\0' ? folder : "/tmp");
    int fd = mkstemp(path);
    if (fd < 0) {
        cmd_fail(0, "%s: %s", path, strerror(errno));
        return NULL;
    }
    close(fd);
    return path;
}

static bool write_carried(const char *path)
{
    nm_buffer set = NM_BUFFER_INIT;
    for (size_t i = 0; i < nm_n_carried_files; i++)
        cmd_append_to_set(&set, nm_carried_files[i].bytes);
    bool written = !set.failed && cmd_write_file(path, set.data, set.length);
    nm_buffer_free(&set);
    return written;
}

int cmd_run_protoc(const cmd_settings *settings, nm_buffer *set)
{
    const char *carried = make_temporary(settings->pool);
    const char *output = carried != NULL ? make_temporary(settings->pool) : NULL;
    int result = CMD_WRONG_USAGE;
    if (output != NULL && write_carried(carried))
        result = run(make_arguments(settings, carried, output));
    if (result == CMD_DONE && !cmd_read_file(output, CMD_LARGEST_SET, set))
        result = CMD_WRONG_USAGE;
    if (carried != NULL)
        unlink(carried);
    if (output != NULL)
        unlink(output);
    return result;
}
