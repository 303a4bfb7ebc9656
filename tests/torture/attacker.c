/*
 * See attacker.h.
 */
#include "torture/attacker.h"

#include "support/scenario.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_MS 30000

/* Reads a line of the broker's. False: none has come in time, or the connection has ended. */
static bool read_line(attacker *self, char *line, size_t size)
{
    int64_t deadline = now_ms() + PATIENCE_MS;
    size_t length = 0;
    char byte = '\0';
    while (byte != '\n') {
        struct pollfd readable = {self->socket, POLLIN, 0};
        int64_t left = deadline - now_ms();
        if (left <= 0 || poll(&readable, 1, (int)left) == 0 || recv(self->socket, &byte, 1, 0) <= 0)
            return false;
        if (length + 1 < size)
            line[length++] = byte;
    }
    line[length] = '\0';
    return true;
}

static bool begins_with(const char *line, const char *word)
{
    return strncmp(line, word, strlen(word)) == 0;
}

void attacker_connect(attacker *self, const char *url)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    address.sin_port = htons((uint16_t)atoi(strrchr(url, ':') + 1));
    self->socket = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(0, connect(self->socket, (struct sockaddr *)&address, sizeof(address)));
    static const char hello[] =
        "CONNECT {\"verbose\":false,\"headers\":true,\"no_responders\":false}"
        "\r\n";
    attacker_send(self, hello, sizeof(hello) - 1);
    attacker_settle(self);
}

void attacker_disconnect(attacker *self)
{
    close(self->socket);
}

/* Says why the broker has closed the connection, as far as it has said it. */
static void fail_refused(attacker *self)
{
    char line[4096];
    while (read_line(self, line, sizeof(line)))
        if (begins_with(line, "-ERR"))
            fail_msg("the broker refuses the attack: %s", line);
    fail_msg("the broker has closed the attacker's connection");
}

void attacker_send(attacker *self, const void *bytes, size_t length)
{
    const char *at = bytes;
    while (length > 0) {
        ssize_t count = send(self->socket, at, length, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            fail_refused(self);
        at += count;
        length -= (size_t)count;
    }
}

void attacker_settle(attacker *self)
{
    attacker_send(self, "PING\r\n", strlen("PING\r\n"));
    char line[4096];
    do {
        if (!read_line(self, line, sizeof(line)))
            fail_msg("the broker does not answer the attacker");
        if (begins_with(line, "-ERR"))
            fail_msg("the broker refuses the attack: %s", line);
        if (begins_with(line, "PING"))
            attacker_send(self, "PONG\r\n", strlen("PONG\r\n"));
    } while (!begins_with(line, "PONG"));
}

void put_message(FILE *out, const char *subject, const char *reply, nm_bytes headers,
                 nm_bytes payload)
{
    fprintf(out, headers.length > 0 ? "HPUB %s " : "PUB %s ", subject);
    if (reply != NULL)
        fprintf(out, "%s ", reply);
    if (headers.length > 0)
        fprintf(out, "%zu ", headers.length);
    fprintf(out, "%zu\r\n", headers.length + payload.length);
    if (headers.length > 0)
        fwrite(headers.data, 1, headers.length, out);
    if (payload.length > 0)
        fwrite(payload.data, 1, payload.length, out);
    fputs("\r\n", out);
}
