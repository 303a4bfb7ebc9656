/*
 * Sockets: see sockets.h.
 */
#include "vectors/sockets.h"

#include "support/process.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static struct sockaddr_in address_of(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

void socket_at_once(int socket)
{
    int on = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

int socket_connect(const char *url)
{
    struct sockaddr_in address = address_of(atoi(strrchr(url, ':') + 1));
    int end = socket(AF_INET, SOCK_STREAM, 0);
    if (end < 0 || connect(end, (struct sockaddr *)&address, sizeof(address)) != 0)
        support_die("cannot connect to %s: %s", url, strerror(errno));
    socket_at_once(end);
    return end;
}

int socket_listen(int *port)
{
    struct sockaddr_in address = address_of(0);
    socklen_t length = sizeof(address);
    int end = socket(AF_INET, SOCK_STREAM, 0);
    if (end < 0 || bind(end, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(end, 4) != 0 || getsockname(end, (struct sockaddr *)&address, &length) != 0)
        support_die("cannot listen: %s", strerror(errno));
    *port = ntohs(address.sin_port);
    return end;
}

bool socket_write(int socket, const void *bytes, size_t length)
{
    const char *next = bytes;
    while (length > 0) {
        ssize_t count = send(socket, next, length, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return false;
        next += count;
        length -= (size_t)count;
    }
    return true;
}
