/*
 * Descriptors: short names for the messages in which protoc describes .proto files.
 */
#ifndef GEN_DESCRIPTORS_H
#define GEN_DESCRIPTORS_H

#include <google/protobuf/compiler/plugin.pb-c.h>

typedef Google__Protobuf__Compiler__CodeGeneratorRequest gen_request;
typedef Google__Protobuf__FileDescriptorProto gen_file_proto;
typedef Google__Protobuf__DescriptorProto gen_message_proto;
typedef Google__Protobuf__FieldDescriptorProto gen_field_proto;
typedef Google__Protobuf__EnumDescriptorProto gen_enum_proto;
typedef Google__Protobuf__ServiceDescriptorProto gen_service_proto;
typedef Google__Protobuf__MethodDescriptorProto gen_method_proto;

#endif
