/*
 * Blob: sends and receives blobs over chunked methods.
 */
#ifndef CMD_INVOKE_BLOB_H
#define CMD_INVOKE_BLOB_H

#include "invoke/session.h"

/*
 * Sends a file, or with "-" standard input, and prints the response as JSON; size and SHA-256 go to
 * stderr. Returns CMD_DONE, or an exit status after it was told what is wrong.
 */
int cmd_put(cmd_session *session, const char *path);

/*
 * Receives into a file, whole or not at all, or with "-" to standard output; size and SHA-256 go to
 * stderr. Returns the same.
 */
int cmd_get(cmd_session *session, cmd_input *input, const char *path);

#endif
