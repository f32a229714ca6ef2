#include "server/frontend/reply_bytes.h"

#include <iterator>
#include <utility>

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/wire_format_lite.h"

namespace perdure::server {

void ReplyBytes::AppendMessage(int number, ReplyBytes content) {
  using google::protobuf::internal::WireFormatLite;
  std::string prefix;
  {
    google::protobuf::io::StringOutputStream stream(&prefix);
    google::protobuf::io::CodedOutputStream out(&stream);
    out.WriteTag(WireFormatLite::MakeTag(number, WireFormatLite::WIRETYPE_LENGTH_DELIMITED));
    out.WriteVarint64(content.size());
  }
  Append(std::move(prefix));
  std::move(content.pieces_.begin(), content.pieces_.end(), std::back_inserter(pieces_));
}

void ReplyBytes::Append(std::string piece) {
  // Small pieces are cheaper copied than sent on their own.
  constexpr size_t kSmall = 128;
  if (!pieces_.empty() && piece.size() <= kSmall) {
    pieces_.back().append(piece);
  } else if (!piece.empty()) {
    pieces_.push_back(std::move(piece));
  }
}

size_t ReplyBytes::size() const {
  size_t size = 0;
  for (const std::string& piece : pieces_) size += piece.size();
  return size;
}

std::string ReplyBytes::Flat() const {
  std::string flat;
  flat.reserve(size());
  for (const std::string& piece : pieces_) flat.append(piece);
  return flat;
}

}  // namespace perdure::server
