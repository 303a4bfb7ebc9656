/*
 * Stub: the tables that generated code would have for a method, made from its types.
 */
#ifndef CMD_INVOKE_STUB_H
#define CMD_INVOKE_STUB_H

#include "invoke/session.h"

/*
 * Fills the session's tables, its descriptors and their JSON types. Returns CMD_DONE, or an exit
 * status after it was told what is wrong.
 */
int cmd_make_stub(cmd_session *session);

#endif
