/*
 * Sockets: TCP on 127.0.0.1, as much as a spy and a peer need. What fails ends the program.
 */
#ifndef VECTORS_SOCKETS_H
#define VECTORS_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>

/* Connects to "nats://127.0.0.1:<port>". */
int socket_connect(const char *url);

/* Small writes go out at once. */
void socket_at_once(int socket);

/* Listens on a free port. */
int socket_listen(int *port);

/* Writes all; false when the other side is gone. */
bool socket_write(int socket, const void *bytes, size_t length);

#endif
