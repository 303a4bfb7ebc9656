# Prints the files of a FileDescriptorSet, a line each: its name and its bytes, as decimal numbers.
#
#   od -An -v -tu1 -w1 SET | awk -f scripts/file_set.awk
#
# The set is, for each file: the tag 10, a varint, and that many bytes. They begin with the file's
# name: the tag 10, its length, and the name.
BEGIN {
    state = "tag"
}

{
    byte = $1 + 0
}

state == "tag" {
    state = "length"
    left = 0
    place = 1
    next
}

state == "length" {
    left += byte % 128 * place
    place *= 128
    if (byte < 128) {
        state = "file"
        at = 0
        name = bytes = ""
    }
    next
}

{
    bytes = bytes " " byte
    if (at == 1)
        name_end = 2 + byte
    if (at > 1 && at < name_end)
        name = name sprintf("%c", byte)
    at++
    if (--left == 0) {
        print name bytes
        state = "tag"
    }
}
