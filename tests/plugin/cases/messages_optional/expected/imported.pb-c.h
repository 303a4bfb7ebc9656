file_to_generate: "imported.proto"
file_to_generate: "lab.proto"
proto_file {
  name: "imported.proto"
  package: "lab.v1"
  dependency: "google/protobuf/descriptor.proto"
  message_type {
    name: "Imported"
    field {
      name: "flag"
      number: 1
      label: LABEL_OPTIONAL
      type: TYPE_BOOL
      oneof_index: 0
      json_name: "flag"
    }
    oneof_decl {
      name: "_flag"
    }
  }
  extension {
    name: "label"
    extendee: ".google.protobuf.FieldOptions"
    number: 50101
    label: LABEL_OPTIONAL
    type: TYPE_STRING
    json_name: "label"
  }
  source_code_info {
  }
  syntax: "proto3"
}
proto_file {
  name: "lab.proto"
  package: "lab.v1"
  dependency: "natsmicro/options.proto"
  dependency: "imported.proto"
  message_type {
    name: "Before"
    field {
      name: "number"
      number: 1
      label: LABEL_OPTIONAL
      type: TYPE_INT32
      oneof_index: 1
      json_name: "number"
    }
    field {
      name: "message"
      number: 2
      label: LABEL_OPTIONAL
      type: TYPE_MESSAGE
      type_name: ".lab.v1.Before"
      json_name: "message"
    }
    field {
      name: "text"
      number: 3
      label: LABEL_OPTIONAL
      type: TYPE_STRING
      oneof_index: 2
      json_name: "text"
    }
    field {
      name: "word"
      number: 4
      label: LABEL_OPTIONAL
      type: TYPE_STRING
      oneof_index: 0
      json_name: "word"
    }
    field {
      name: "other"
      number: 5
      label: LABEL_OPTIONAL
      type: TYPE_MESSAGE
      type_name: ".lab.v1.Before"
      oneof_index: 0
      json_name: "other"
    }
    field {
      name: "data"
      number: 6
      label: LABEL_OPTIONAL
      type: TYPE_BYTES
      oneof_index: 3
      json_name: "data"
    }
    nested_type {
      name: "Nested"
      field {
        name: "kind"
        number: 1
        label: LABEL_OPTIONAL
        type: TYPE_ENUM
        type_name: ".lab.v1.Before.Kind"
        oneof_index: 0
        json_name: "kind"
      }
      field {
        name: "imported"
        number: 2
        label: LABEL_OPTIONAL
        type: TYPE_MESSAGE
        type_name: ".lab.v1.Imported"
        json_name: "imported"
      }
      field {
        name: "last"
        number: 3
        label: LABEL_OPTIONAL
        type: TYPE_DOUBLE
        oneof_index: 1
        json_name: "last"
      }
      oneof_decl {
        name: "_kind"
      }
      oneof_decl {
        name: "_last"
      }
    }
    enum_type {
      name: "Kind"
      value {
        name: "NONE"
        number: 0
      }
      value {
        name: "ONE"
        number: 1
      }
    }
    oneof_decl {
      name: "choice"
    }
    oneof_decl {
      name: "_number"
    }
    oneof_decl {
      name: "_text"
    }
    oneof_decl {
      name: "_data"
    }
  }
  message_type {
    name: "After"
    field {
      name: "plain"
      number: 1
      label: LABEL_OPTIONAL
      type: TYPE_INT32
      json_name: "plain"
    }
  }
  source_code_info {
    location {
      path: 4
      path: 0
      leading_comments: " Comment of Before.\n"
    }
    location {
      path: 4
      path: 0
      path: 2
      path: 0
      leading_comments: " Comment of number.\n"
    }
    location {
      path: 4
      path: 0
      path: 8
      path: 0
      leading_comments: " Comment of choice.\n"
    }
    location {
      path: 4
      path: 0
      path: 2
      path: 3
      leading_comments: " Comment of word.\n"
    }
    location {
      path: 4
      path: 0
      path: 3
      path: 0
      path: 2
      path: 2
      leading_comments: " Comment of last.\n"
    }
    location {
      path: 4
      path: 1
      leading_comments: " Comment of After.\n"
    }
    location {
      path: 4
      path: 1
      path: 2
      path: 0
      leading_comments: " Comment of plain.\n"
    }
  }
  syntax: "proto3"
}
