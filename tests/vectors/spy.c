/*
 * Spy: see spy.h.
 */
#include "vectors/spy.h"

#include "support/process.h"
#include "vectors/sockets.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct spy {
    const broker *broker;
    int listener;
    char url[64];
    pthread_t thread;
    frames stream;
    mailbox published;
};

static void keep(void *data, const char *line, const wire_message *message)
{
    spy *self = data;
    (void)line;
    if (message != NULL)
        mailbox_put(&self->published, message);
}

/* Passes on what has come; false at the connection's end. */
static bool pass(spy *self, int from, int to, bool keeps)
{
    char bytes[65536];
    ssize_t count = read(from, bytes, sizeof(bytes));
    if (count <= 0)
        return false;
    if (keeps)
        frames_feed(&self->stream, bytes, (size_t)count, keep, self);
    return socket_write(to, bytes, (size_t)count);
}

static void *run(void *argument)
{
    spy *self = argument;
    int near = accept(self->listener, NULL, NULL);
    if (near < 0)
        return NULL; /* stopped before anybody came */
    socket_at_once(near);
    int far = socket_connect(broker_url(self->broker));
    struct pollfd ends[2] = {{near, POLLIN, 0}, {far, POLLIN, 0}};
    bool open = true;
    while (open && poll(ends, 2, -1) > 0) {
        if (ends[0].revents != 0)
            open = pass(self, near, far, true);
        if (open && ends[1].revents != 0)
            open = pass(self, far, near, false);
    }
    close(near);
    close(far);
    return NULL;
}

spy *spy_start(const broker *nats)
{
    spy *self = calloc(1, sizeof(*self));
    if (self == NULL)
        support_die("no memory");
    self->broker = nats;
    mailbox_init(&self->published);
    int port = 0;
    self->listener = socket_listen(&port);
    snprintf(self->url, sizeof(self->url), "nats://127.0.0.1:%d", port);
    if (pthread_create(&self->thread, NULL, run, self) != 0)
        support_die("no thread");
    return self;
}

const char *spy_url(const spy *self)
{
    return self->url;
}

mailbox *spy_published(spy *self)
{
    return &self->published;
}

void spy_stop(spy *self)
{
    shutdown(self->listener, SHUT_RDWR);
    pthread_join(self->thread, NULL);
    close(self->listener);
    frames_free(&self->stream);
    mailbox_free(&self->published);
    free(self);
}
