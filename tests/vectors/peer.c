/*
 * Peer: see peer.h.
 */
#include "vectors/peer.h"

#include "support/process.h"
#include "support/scenario.h"
#include "vectors/sockets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_MS 10000

struct peer {
    int socket;
    int subscriptions;
    int flushes;
    pthread_t thread;
    pthread_mutex_t writing;
    frames stream;
    mailbox received;
    latch pongs;
};

static void put(peer *self, const char *text, const char *raw, const void *payload, size_t length)
{
    pthread_mutex_lock(&self->writing);
    bool written = socket_write(self->socket, text, strlen(text));
    if (written && raw != NULL)
        written = socket_write(self->socket, raw, strlen(raw));
    if (written && payload != NULL)
        written =
            socket_write(self->socket, payload, length) && socket_write(self->socket, "\r\n", 2);
    pthread_mutex_unlock(&self->writing);
    if (!written)
        support_die("the broker closed a peer's connection");
}

static void on_frame(void *data, const char *line, const wire_message *message)
{
    peer *self = data;
    if (message != NULL)
        mailbox_put(&self->received, message);
    else if (strcmp(line, "PING") == 0)
        put(self, "PONG\r\n", NULL, NULL, 0);
    else if (strcmp(line, "PONG") == 0)
        latch_open(&self->pongs);
    else if (line[0] == '-')
        support_die("the broker said to a peer: %s", line);
}

static void *run(void *argument)
{
    peer *self = argument;
    char bytes[65536];
    ssize_t count;
    while ((count = read(self->socket, bytes, sizeof(bytes))) > 0)
        frames_feed(&self->stream, bytes, (size_t)count, on_frame, self);
    return NULL;
}

peer *peer_start(const broker *nats)
{
    peer *self = calloc(1, sizeof(*self));
    if (self == NULL)
        support_die("no memory");
    self->socket = socket_connect(broker_url(nats));
    mailbox_init(&self->received);
    latch_init(&self->pongs);
    pthread_mutex_init(&self->writing, NULL);
    if (pthread_create(&self->thread, NULL, run, self) != 0)
        support_die("no thread");
    put(self, "CONNECT {\"verbose\":false,\"headers\":true,\"no_responders\":true}\r\n", NULL, NULL,
        0);
    return self;
}

void peer_stop(peer *self)
{
    shutdown(self->socket, SHUT_RDWR);
    pthread_join(self->thread, NULL);
    close(self->socket);
    frames_free(&self->stream);
    mailbox_free(&self->received);
    latch_destroy(&self->pongs);
    pthread_mutex_destroy(&self->writing);
    free(self);
}

void peer_subscribe(peer *self, const char *subject)
{
    char line[512];
    snprintf(line, sizeof(line), "SUB %s %d\r\n", subject, ++self->subscriptions);
    put(self, line, NULL, NULL, 0);
}

void peer_publish(peer *self, const char *subject, const char *reply, const char *raw,
                  const void *payload, size_t length)
{
    char line[1024];
    if (raw[0] != '\0')
        snprintf(line, sizeof(line), "HPUB %s %s %zu %zu\r\n", subject, reply, strlen(raw),
                 strlen(raw) + length);
    else
        snprintf(line, sizeof(line), "PUB %s %s %zu\r\n", subject, reply, length);
    put(self, line, raw, payload != NULL ? payload : "", length);
}

void peer_flush(peer *self)
{
    put(self, "PING\r\n", NULL, NULL, 0);
    if (!latch_wait_count(&self->pongs, ++self->flushes, PATIENCE_MS))
        support_die("the broker does not answer a peer");
}

mailbox *peer_received(peer *self)
{
    return &self->received;
}
