file_to_generate: "lab.proto"
parameter: "dllexport_decl=API,other"
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
