file_to_generate: "lab.proto"
file_to_generate: "two.proto"
proto_file {
  name: "lab.proto"
  package: "lab.v1"
  message_type {
    name: "Words"
    field {
      name: "base_"
      number: 1
      label: LABEL_OPTIONAL
      type: TYPE_STRING
      json_name: "base"
    }
    field {
      name: "linux_"
      number: 2
      label: LABEL_OPTIONAL
      type: TYPE_STRING
      json_name: "linux"
    }
    field {
      name: "Unix_"
      number: 3
      label: LABEL_OPTIONAL
      type: TYPE_STRING
      json_name: "Unix"
    }
    field {
      name: "typeof_"
      number: 4
      label: LABEL_OPTIONAL
      type: TYPE_STRING
      json_name: "typeof"
    }
    field {
      name: "restrict_"
      number: 5
      label: LABEL_OPTIONAL
      type: TYPE_STRING
      json_name: "restrict"
    }
    field {
      name: "alignas_"
      number: 6
      label: LABEL_OPTIONAL
      type: TYPE_STRING
      json_name: "alignas"
    }
    field {
      name: "errno_"
      number: 7
      label: LABEL_OPTIONAL
      type: TYPE_STRING
      json_name: "errno"
    }
    field {
      name: "co_await_"
      number: 8
      label: LABEL_OPTIONAL
      type: TYPE_STRING
      json_name: "coAwait"
    }
    field {
      name: "delete"
      number: 9
      label: LABEL_OPTIONAL
      type: TYPE_STRING
      json_name: "delete"
    }
    field {
      name: "fine"
      number: 10
      label: LABEL_OPTIONAL
      type: TYPE_STRING
      json_name: "veryFine"
    }
  }
  message_type {
    name: "Members"
    field {
      name: "n_list__"
      number: 1
      label: LABEL_OPTIONAL
      type: TYPE_INT32
      json_name: "nList"
    }
    field {
      name: "list"
      number: 2
      label: LABEL_REPEATED
      type: TYPE_INT32
      json_name: "list"
    }
    field {
      name: "unix_"
      number: 3
      label: LABEL_REPEATED
      type: TYPE_MESSAGE
      type_name: ".lab.v1.Members.UnixEntry"
      json_name: "unix"
    }
    field {
      name: "n_unix"
      number: 4
      label: LABEL_OPTIONAL
      type: TYPE_STRING
      json_name: "nUnix"
    }
    field {
      name: "choice_case_"
      number: 5
      label: LABEL_OPTIONAL
      type: TYPE_STRING
      json_name: "choiceCase"
    }
    field {
      name: "_not_set_"
      number: 6
      label: LABEL_OPTIONAL
      type: TYPE_INT32
      oneof_index: 0
      json_name: "NotSet"
    }
    field {
      name: "stdin_"
      number: 7
      label: LABEL_OPTIONAL
      type: TYPE_STRING
      oneof_index: 0
      json_name: "stdin"
    }
    field {
      name: "_a_"
      number: 8
      label: LABEL_OPTIONAL
      type: TYPE_INT32
      oneof_index: 0
      json_name: "A"
    }
    field {
      name: "asm"
      number: 9
      label: LABEL_OPTIONAL
      type: TYPE_STRING
      oneof_index: 1
      json_name: "asm"
    }
    field {
      name: "_asm_case_"
      number: 10
      label: LABEL_OPTIONAL
      type: TYPE_STRING
      json_name: "AsmCase"
    }
    nested_type {
      name: "UnixEntry"
      field {
        name: "key"
        number: 1
        label: LABEL_OPTIONAL
        type: TYPE_STRING
        json_name: "key"
      }
      field {
        name: "value"
        number: 2
        label: LABEL_OPTIONAL
        type: TYPE_MESSAGE
        type_name: ".lab.v1.Words"
        json_name: "value"
      }
      options {
        map_entry: true
      }
    }
    enum_type {
      name: "Choice"
      value {
        name: "A"
        number: 0
      }
    }
    oneof_decl {
      name: "choice"
    }
    oneof_decl {
      name: "_asm"
    }
    reserved_name: "n_list_"
  }
  source_code_info {
    location {
      path: 4
      path: 0
      leading_comments: " Names that protoc-gen-c would turn into broken C.\n"
    }
    location {
      path: 4
      path: 0
      path: 2
      path: 8
      leading_comments: " protoc-gen-c mends this one itself.\n"
    }
  }
  syntax: "proto3"
}
proto_file {
  name: "two.proto"
  package: "lab.v1"
  message_type {
    name: "Two"
    field {
      name: "x"
      number: 1
      label: LABEL_OPTIONAL
      type: TYPE_INT32
      json_name: "x"
    }
    field {
      name: "has_x_"
      number: 2
      label: LABEL_OPTIONAL
      type: TYPE_STRING
      json_name: "hasX"
    }
    field {
      name: "text"
      number: 3
      label: LABEL_OPTIONAL
      type: TYPE_STRING
      json_name: "text"
    }
    field {
      name: "has_text"
      number: 4
      label: LABEL_OPTIONAL
      type: TYPE_STRING
      json_name: "hasText"
    }
    field {
      name: "fooBar"
      number: 5
      label: LABEL_OPTIONAL
      type: TYPE_INT32
      json_name: "fooBar"
    }
    field {
      name: "foobar__"
      number: 6
      label: LABEL_OPTIONAL
      type: TYPE_INT32
      json_name: "foobar"
    }
    field {
      name: "foobar_"
      number: 7
      label: LABEL_OPTIONAL
      type: TYPE_INT32
      json_name: "foobar"
    }
    field {
      name: "y"
      number: 8
      label: LABEL_REQUIRED
      type: TYPE_INT32
      json_name: "y"
    }
    field {
      name: "has_y"
      number: 9
      label: LABEL_OPTIONAL
      type: TYPE_INT32
      json_name: "hasY"
    }
  }
  source_code_info {
  }
}
