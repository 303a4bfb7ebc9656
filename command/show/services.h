/*
 * Services: prints what discovery has found out, as tables or as JSON.
 */
#ifndef CMD_SHOW_SERVICES_H
#define CMD_SHOW_SERVICES_H

#include "discover/services.h"

/*
 * Joins answers to INFO and SCHEMA: an array with an object for each name and version, in which
 * `instances` is an array of ids, and endpoints have what is known of their types. The caller
 * releases it; NULL if memory is short.
 */
json_t *cmd_join_answers(const cmd_answers *answers);

/* Print such an array: methods and types; all that INFO says. */
void cmd_show_list(const json_t *services);
void cmd_show_info(const json_t *services);

/* Print answers to STATS and to PING. */
void cmd_show_stats(const cmd_answers *answers);
void cmd_show_ping(const cmd_answers *answers);

/* Prints JSON to stdout, indented, and a newline. */
void cmd_show_json(const json_t *json);

/* An array of the answers, which the caller releases. */
json_t *cmd_array_of(const cmd_answers *answers);

#endif
