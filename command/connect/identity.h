/*
 * Identity: which broker to connect to, and as whom: from options, the environment and a context of
 * the nats command.
 */
#ifndef CMD_CONNECT_IDENTITY_H
#define CMD_CONNECT_IDENTITY_H

#include "connect/context.h"
#include "options/settings.h"

/*
 * An option counts more than NATS_URL, and that more than the context. Where an option says who we
 * are, all that the context says of that does not count. False: it was told what is wrong.
 */
bool cmd_find_identity(const cmd_settings *settings, cmd_identity *identity);

#endif
