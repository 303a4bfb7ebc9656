/*
 * Verbs: what `natsmicro VERB` does, each with its help.
 */
#ifndef CMD_VERBS_VERBS_H
#define CMD_VERBS_VERBS_H

#include "options/options.h"

extern const cmd_verb cmd_ls;
extern const cmd_verb cmd_info;
extern const cmd_verb cmd_stats;
extern const cmd_verb cmd_ping;
extern const cmd_verb cmd_describe;
extern const cmd_verb cmd_call;
extern const cmd_verb cmd_put_verb;
extern const cmd_verb cmd_get_verb;
extern const cmd_verb cmd_bench_verb;

#endif
