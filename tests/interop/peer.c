/*
 * Peer: see peer.h.
 */
#include "interop/peer.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_SIZE    4096
#define PRINTED_SIZE 65536

broker *patient_broker(void)
{
    return broker_start(
        &(broker_options){.config = "max_pending: 268435456\nwrite_deadline: \"60s\""});
}

static void find(const char *name, char path[PATH_SIZE])
{
    const char *folder = getenv("INTEROP_PEERS");
    if (folder == NULL)
        support_die("INTEROP_PEERS names no folder: make interop");
    snprintf(path, PATH_SIZE, "%s/%s", folder, name);
    if (access(path, X_OK) != 0)
        support_die("there is no program %s: make interop", path);
}

pid_t peer_start(const char *name, const char *verb, const broker *where)
{
    char *arguments[] = {(char *)(uintptr_t)name, (char *)(uintptr_t)verb,
                         (char *)(uintptr_t)broker_url(where), NULL};
    char path[PATH_SIZE];
    find(name, path);
    return process_start(path, arguments, STDERR_FILENO, STDERR_FILENO);
}

void peer_succeeds(pid_t pid)
{
    int wait_status = -1;
    assert_true(process_wait(pid, PEER_PATIENCE_MS, &wait_status));
    assert_int_equal(0, wait_status);
}

void peer_kill(pid_t pid)
{
    process_signal(pid, SIGKILL);
    int wait_status;
    process_wait(pid, PEER_PATIENCE_MS, &wait_status);
}

/* ---- programs that do one thing ---- */

const char *program_prints(const char *name, char *const arguments[])
{
    static char printed[PRINTED_SIZE];
    char path[PATH_SIZE];
    find(name, path);
    FILE *out = tmpfile();
    if (out == NULL)
        support_die("cannot make a file for what %s prints", name);
    pid_t pid = process_start(path, arguments, fileno(out), STDERR_FILENO);
    int wait_status = -1;
    bool ended = process_wait(pid, PEER_PATIENCE_MS, &wait_status);
    rewind(out);
    size_t length = fread(printed, 1, sizeof(printed) - 1, out);
    fclose(out);
    if (length > 0 && printed[length - 1] == '\n')
        length--;
    printed[length] = '\0';
    assert_true(ended);
    if (wait_status != 0)
        fail_msg("%s ended with %d and printed: %s", name, wait_status, printed);
    return printed;
}

const char *newest_broker(void)
{
    static char path[PATH_SIZE];
    find("stores/bin/nats-server", path);
    return path;
}
