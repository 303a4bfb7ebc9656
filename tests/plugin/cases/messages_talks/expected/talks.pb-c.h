file_to_generate: "talks.proto"
proto_file {
  name: "talks.proto"
  package: "lab.v1"
  message_type {
    name: "Empty"
  }
  source_code_info {
  }
  syntax: "proto3"
}
