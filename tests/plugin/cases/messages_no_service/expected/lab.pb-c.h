file_to_generate: "lab.proto"
file_to_generate: "none.proto"
file_to_generate: "skipped.proto"
proto_file {
  name: "lab.proto"
  package: "lab.v1"
  message_type {
    name: "Empty"
  }
  source_code_info {
  }
  syntax: "proto3"
}
proto_file {
  name: "none.proto"
  package: "lab.v1"
  dependency: "protobuf-c/protobuf-c.proto"
  message_type {
    name: "Elsewhere"
  }
  options {
    1019 {
      1: 1
    }
  }
  source_code_info {
  }
  syntax: "proto3"
}
proto_file {
  name: "skipped.proto"
  package: "lab.v1"
  dependency: "natsmicro/options.proto"
  dependency: "lab.proto"
  source_code_info {
  }
  syntax: "proto3"
}
