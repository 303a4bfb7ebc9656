/*
 * Open: makes a session for the calls of one method.
 */
#ifndef CMD_INVOKE_OPEN_H
#define CMD_INVOKE_OPEN_H

#include "invoke/session.h"

/*
 * Connects, finds the method and makes the client. Returns CMD_DONE, or an exit status after it was
 * told what is wrong. It is closed in either case.
 */
int cmd_session_open(cmd_session *session, const cmd_settings *settings, const char *method);
void cmd_session_close(cmd_session *session);

#endif
