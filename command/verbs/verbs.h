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

#endif
