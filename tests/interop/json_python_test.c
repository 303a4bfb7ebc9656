/*
 * The Python program in python/ with Python's own protobuf and its JSON, json_format, calls a JSON
 * service of ours, and serves calls of ours.
 */
#include "interop/json.h"

int main(void)
{
    return json_with_peer("python-peer");
}
