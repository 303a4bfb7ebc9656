/*
 * See reconnects.h.
 */
#include "link/reconnects.h"

uint64_t nm_reconnects(natsConnection *connection)
{
    natsStatistics *statistics = NULL;
    uint64_t reconnects = 0;
    if (natsStatistics_Create(&statistics) == NATS_OK &&
        natsConnection_GetStats(connection, statistics) == NATS_OK)
        natsStatistics_GetCounts(statistics, NULL, NULL, NULL, NULL, &reconnects);
    natsStatistics_Destroy(statistics);
    return reconnects;
}
