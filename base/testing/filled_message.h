// Messages for tests of wire forms: every field of them holds something, so that a field that is forgotten on
// the way makes a difference. Pure; safe anywhere.
#pragma once

#include <string>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace perdure {

// Fills one value of the field, down to `levels` of messages in messages. Bytes become 16, as many as a UUID
// has. NOLINTNEXTLINE(misc-no-recursion): ends with the levels.
inline void FillField(google::protobuf::Message& message, const google::protobuf::FieldDescriptor& field,
                      int levels);

// NOLINTNEXTLINE(misc-no-recursion): ends with the levels.
inline void Fill(google::protobuf::Message& message, int levels) {
  const google::protobuf::Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const google::protobuf::FieldDescriptor& field = *type.field(i);
    // Of a oneof the first one stays.
    const bool taken = field.real_containing_oneof() != nullptr &&
                       message.GetReflection()->HasOneof(message, field.real_containing_oneof());
    if (!taken) FillField(message, field, levels);
  }
}

// NOLINTNEXTLINE(misc-no-recursion): ends with the levels.
inline void FillField(google::protobuf::Message& message, const google::protobuf::FieldDescriptor& field,
                      int levels) {
  using Field = google::protobuf::FieldDescriptor;
  const google::protobuf::Reflection& set = *message.GetReflection();
  const bool many = field.is_repeated();
  const int number = field.number() + 1;
  switch (field.cpp_type()) {
    case Field::CPPTYPE_INT32:
      return many ? set.AddInt32(&message, &field, number) : set.SetInt32(&message, &field, number);
    case Field::CPPTYPE_INT64:
      return many ? set.AddInt64(&message, &field, number) : set.SetInt64(&message, &field, number);
    case Field::CPPTYPE_UINT32:
      return many ? set.AddUInt32(&message, &field, number) : set.SetUInt32(&message, &field, number);
    case Field::CPPTYPE_UINT64:
      return many ? set.AddUInt64(&message, &field, number) : set.SetUInt64(&message, &field, number);
    case Field::CPPTYPE_DOUBLE:
      return many ? set.AddDouble(&message, &field, number) : set.SetDouble(&message, &field, number);
    case Field::CPPTYPE_FLOAT: {
      const auto value = static_cast<float>(number);
      return many ? set.AddFloat(&message, &field, value) : set.SetFloat(&message, &field, value);
    }
    case Field::CPPTYPE_BOOL:
      return many ? set.AddBool(&message, &field, true) : set.SetBool(&message, &field, true);
    case Field::CPPTYPE_ENUM: {
      const int value = field.enum_type()->value(field.enum_type()->value_count() > 1 ? 1 : 0)->number();
      return many ? set.AddEnumValue(&message, &field, value) : set.SetEnumValue(&message, &field, value);
    }
    case Field::CPPTYPE_STRING: {
      const bool bytes = field.type() == Field::TYPE_BYTES;
      // As long as a UUID, which some of them are.
      std::string text = bytes ? std::string("\xff\x00 is not UTF-8.", 16) : field.name();
      if (many) {
        set.AddString(&message, &field, std::move(text));
      } else {
        set.SetString(&message, &field, std::move(text));
      }
      return;
    }
    case Field::CPPTYPE_MESSAGE:
      if (many && levels == 0) return;
      auto* const inner = many ? set.AddMessage(&message, &field) : set.MutableMessage(&message, &field);
      if (levels > 0) Fill(*inner, levels - 1);
      return;
  }
}

}  // namespace perdure
