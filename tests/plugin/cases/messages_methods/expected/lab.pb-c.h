file_to_generate: "lab.proto"
proto_file {
  name: "lab.proto"
  package: "lab.v1"
  dependency: "natsmicro/options.proto"
  message_type {
    name: "Empty"
  }
  message_type {
    name: "Lab_Service"
  }
  source_code_info {
    location {
      path: 4
      path: 1
      leading_comments: " In C, a service of protoc-gen-c would have this name.\n"
    }
  }
  syntax: "proto3"
}
