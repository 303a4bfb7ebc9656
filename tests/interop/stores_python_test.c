/*
 * nats-py's own clients of buckets, whose buckets have no direct gets, and this library, by turns.
 */
#include "interop/stores.h"

int main(void)
{
    return stores_with_peer(
        &(stores_peer){.name = "python-peer", .is_slow = true, .large = 3 << 20});
}
