/*
 * Protoc: has protoc read .proto files.
 */
#ifndef CMD_TYPES_PROTOC_H
#define CMD_TYPES_PROTOC_H

#include "base/buffer.h"
#include "options/settings.h"

/*
 * Appends the descriptor set of the files of --proto and of what they import, from the folders of
 * --include; without any, from the working folder, or the file's if its path leads elsewhere. The
 * files that the library carries, natsmicro/options.proto among them, need not be in one. Returns
 * CMD_DONE, or an exit status; then protoc has told what is wrong, or this function.
 */
int cmd_run_protoc(const cmd_settings *settings, nm_buffer *set);

#endif
