/*
 * Headers: those of --header.
 */
#ifndef CMD_INVOKE_HEADERS_H
#define CMD_INVOKE_HEADERS_H

#include "options/settings.h"

#include <natsmicro/context.h>

/* Sets them. Returns CMD_DONE, or an exit status after it was told what is wrong. */
int cmd_set_headers(const cmd_settings *settings, natsmicro_context *context);

/* Splits "name: value", in which ${NAME} is expanded. False: it was told what is wrong. */
bool cmd_split_header(gen_pool *pool, const char *header, const char **name, const char **value);

#endif
