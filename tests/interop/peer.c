/*
 * Peer: see peer.h.
 */
#include "interop/peer.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

broker *patient_broker(void)
{
    return broker_start(
        &(broker_options){.config = "max_pending: 268435456\nwrite_deadline: \"60s\""});
}

pid_t peer_start(const char *name, const char *verb, const broker *where)
{
    const char *folder = getenv("INTEROP_PEERS");
    char *arguments[] = {(char *)(uintptr_t)name, (char *)(uintptr_t)verb,
                         (char *)(uintptr_t)broker_url(where), NULL};
    if (folder == NULL)
        support_die("INTEROP_PEERS names no folder: make interop");
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (access(path, X_OK) != 0)
        support_die("there is no program %s: make interop", path);
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
