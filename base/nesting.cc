#include "base/nesting.h"

#include <vector>

#include <fmt/format.h>

#include "base/limits.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/unknown_field_set.h"

namespace perdure {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::UnknownField;
using google::protobuf::UnknownFieldSet;
using google::protobuf::io::ZeroCopyInputStream;

// The field that continues a chain; null when messages of this type make none.
const FieldDescriptor* ChainField(const Message& message) {
  const auto* type = message.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (field->message_type() == type && !field->is_repeated()) return field;
  }
  return nullptr;
}

void SayWhatIsCut(Message& last, int cut) {
  const FieldDescriptor* text = last.GetDescriptor()->FindFieldByName("message");
  if (text == nullptr || text->cpp_type() != FieldDescriptor::CPPTYPE_STRING || text->is_repeated()) return;
  const Reflection& reflection = *last.GetReflection();
  const std::string said = reflection.GetString(last, text);
  reflection.SetString(&last, text,
                       fmt::format("{}{}({} more causes were cut)", said, said.empty() ? "" : " ", cut));
}

// `head` begins a chain that continues in `next`.
void CutChain(Message& head, const FieldDescriptor* next) {
  const Reflection& reflection = *head.GetReflection();
  Message* last = &head;
  for (int kept = 1; kept < limits::kChain; ++kept) {
    if (!reflection.HasField(*last, next)) return;
    last = reflection.MutableMessage(last, next);
  }
  int cut = 0;
  for (const Message* one = last; reflection.HasField(*one, next); ++cut) {
    one = &reflection.GetMessage(*one, next);
  }
  if (cut == 0) return;
  reflection.ClearField(last, next);
  SayWhatIsCut(*last, cut);
}

bool GroupsAreWithin(const UnknownFieldSet& fields, int levels) {
  if (levels < 0) return false;
  for (int i = 0; i < fields.field_count(); ++i) {
    const UnknownField& field = fields.field(i);
    if (field.type() == UnknownField::TYPE_GROUP && !GroupsAreWithin(field.group(), levels - 1)) return false;
  }
  return true;
}

// Cuts chains, and answers whether the rest is nested no deeper than `levels`. `in_chain`: `message`
// continues one, which has been cut.
bool CutToWithin(Message& message, int levels, bool in_chain) {
  if (levels < 0) return false;
  const Reflection& reflection = *message.GetReflection();
  const FieldDescriptor* chain = ChainField(message);
  if (chain != nullptr && !in_chain) CutChain(message, chain);
  if (!GroupsAreWithin(reflection.GetUnknownFields(message), levels)) return false;
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      if (!CutToWithin(*reflection.MutableMessage(&message, field), levels - 1, field == chain)) return false;
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      if (!CutToWithin(*reflection.MutableRepeatedMessage(&message, field, i), levels - 1, false))
        return false;
    }
  }
  return true;
}

}  // namespace

bool ParseWithin(int levels, BytesSource source, google::protobuf::MessageLite& message) {
  return source([&](ZeroCopyInputStream& stream) {
    google::protobuf::io::CodedInputStream coded(&stream);
    coded.SetRecursionLimit(levels);
    return message.ParseFromCodedStream(&coded) && coded.ConsumedEntireMessage();
  });
}

bool ParseStored(std::string_view bytes, google::protobuf::MessageLite& message) {
  const auto source = [bytes](absl::FunctionRef<bool(ZeroCopyInputStream&)> parse) {
    google::protobuf::io::ArrayInputStream stream(bytes.data(), static_cast<int>(bytes.size()));
    return parse(stream);
  };
  return ParseWithin(limits::kReadNesting, source, message);
}

RequestForm ParseRequest(BytesSource source, Message& request) {
  // Nearly every request is within the limit, and is not looked at twice.
  if (ParseWithin(limits::kRequestNesting, source, request)) return RequestForm::kFine;
  if (!ParseWithin(limits::kReadNesting, source, request)) return RequestForm::kUnparsable;
  return CutToWithin(request, limits::kRequestNesting, false) ? RequestForm::kFine : RequestForm::kTooDeep;
}

}  // namespace perdure
