file_to_generate: "lab.proto"
proto_file {
  name: "lab.proto"
  package: "lab"
  dependency: "natsmicro/options.proto"
  message_type {
    name: "Request"
    field {
      name: "id"
      number: 1
      label: LABEL_OPTIONAL
      type: TYPE_STRING
      oneof_index: 1
      json_name: "id"
    }
    field {
      name: "name"
      number: 2
      label: LABEL_OPTIONAL
      type: TYPE_STRING
      oneof_index: 0
      json_name: "name"
    }
    field {
      name: "number"
      number: 3
      label: LABEL_OPTIONAL
      type: TYPE_INT32
      oneof_index: 0
      json_name: "number"
    }
    field {
      name: "default"
      number: 4
      label: LABEL_OPTIONAL
      type: TYPE_STRING
      json_name: "default"
    }
    oneof_decl {
      name: "choice"
    }
    oneof_decl {
      name: "_id"
    }
  }
  message_type {
    name: "Response"
  }
  source_code_info {
    location {
      path: 4
      path: 0
      leading_comments: " Fields of a key that are members of a oneof in C.\n"
    }
  }
  syntax: "proto3"
}
