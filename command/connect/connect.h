/*
 * Connect: the connection to the broker, by the options, the environment and a context.
 */
#ifndef CMD_CONNECT_CONNECT_H
#define CMD_CONNECT_CONNECT_H

#include "connect/identity.h"

#include <nats/nats.h>

typedef struct cmd_connection {
    natsConnection *nats;
    const char *url;          /* as it was asked for, without passwords; for texts */
    const char *inbox_prefix; /* NULL: the default */
    const char *jwt;          /* these two are for the broker's question who we are */
    char seed[64];
    /*
     * Where answers to questions come, from the first question on. nats.c 3.4 may still be reading
     * a message of a subscription that is destroyed, so it lives as long as the connection.
     */
    natsSubscription *answers;
    char inbox[256]; /* without the last token, which counts questions */
    unsigned n_questions;
} cmd_connection;

/* Connects. Returns CMD_DONE, or an exit status after it was told what is wrong. */
int cmd_connect(const cmd_settings *settings, cmd_connection *connection);

void cmd_disconnect(cmd_connection *connection);

/*
 * What the broker has complained of last, such as a permission, or "". It lives until the next
 * question. Any thread.
 */
const char *cmd_broker_complaint(void);

#endif
