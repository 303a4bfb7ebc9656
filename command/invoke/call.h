/*
 * Call: makes one call, of any of the four kinds, with JSON in and out.
 */
#ifndef CMD_INVOKE_CALL_H
#define CMD_INVOKE_CALL_H

#include "invoke/session.h"

/*
 * Makes the call with requests from the input, and prints responses as they come. Returns CMD_DONE,
 * or an exit status after it was told what is wrong.
 */
int cmd_make_call(cmd_session *session, cmd_input *input);

/*
 * Reads the one request of a method whose requests are not streamed; without a document it is
 * empty. Returns CMD_DONE, or an exit status after it was told what is wrong.
 */
int cmd_read_only_request(const cmd_session *session, cmd_input *input, nm_arena *arena,
                          ProtobufCMessage **request);

#endif
