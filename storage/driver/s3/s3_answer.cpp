// Reading and writing the bodies of the protocol.
// SPDX-License-Identifier: MIT
#include "storage/driver/s3/s3_answer.hpp"

#include "engine/base/printable.hpp"
#include "storage/driver/s3/xml_text.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <chrono>

namespace pgbraid::s3 {

namespace {

constexpr std::string_view xml_start = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

template <class Number> std::optional<Number> number_of(std::string_view text) {
  Number value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || problem != std::errc() || end != text.data() + text.size())
    return {};
  return value;
}

std::optional<int64_t> seconds_at(std::string_view year, unsigned month, std::string_view day,
                                  std::string_view time) {
  using namespace std::chrono;
  const auto y = number_of<unsigned>(year);
  const auto d = number_of<unsigned>(day);
  if (!y || !d || time.size() != 8 || time[2] != ':' || time[5] != ':')
    return {};
  const auto hour = number_of<unsigned>(time.substr(0, 2));
  const auto minute = number_of<unsigned>(time.substr(3, 2));
  const auto second = number_of<unsigned>(time.substr(6, 2));
  const year_month_day date(std::chrono::year(static_cast<int>(*y)), std::chrono::month(month),
                            std::chrono::day(*d));
  if (!date.ok() || !hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 60)
    return {};
  return sys_seconds(sys_days(date)).time_since_epoch().count() + *hour * 3600 + *minute * 60 +
         *second;
}

error strange(std::string_view what) {
  return {errc::format, fmt::format("the answer of the store is not understood: {}", what)};
}

int hex_value(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

/// Keys are told percent-encoded, where the store knows how: XML cannot hold every byte.
std::string decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
                        hex_value(text[i + 2]) >= 0;
    if (escape) {
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

result<void> check_key(std::string_view key, std::string_view prefix) {
  if (key.starts_with(prefix))
    return success();
  return error{errc::protocol, fmt::format("the store lists '{}', which does not begin with '{}'",
                                           printable_line(key), prefix)};
}

} // namespace

std::string error_name_of(const http::response& answer) {
  if (answer.body.empty())
    return {};
  const auto root = parse_xml(answer.body);
  return root && root->name == "Error" ? std::string(root->text_of("Code")) : std::string();
}

std::string told_by(const http::response& answer) {
  const auto root = answer.body.empty() ? result<element>(error{}) : parse_xml(answer.body);
  if (!root)
    return std::string(as_text(answer.body));
  return root->name == "Error"
             ? fmt::format("{}: {}", root->text_of("Code"), root->text_of("Message"))
             : std::string();
}

result<void> check_root(byte_view body, std::string_view wanted) {
  const auto root = parse_xml(body);
  if (!root)
    return root.failure();
  if (root->name != wanted)
    return strange(fmt::format("no {}", wanted));
  return success();
}

std::string hint_for(int status, std::string_view name) {
  if (name == "NoSuchBucket")
    return "Is repo-s3-bucket right, and does the bucket exist?";
  if (name == "InvalidAccessKeyId")
    return "Is repo-s3-key right?";
  if (name == "SignatureDoesNotMatch")
    return "Is repo-s3-key-secret right?";
  if (name == "ExpiredToken" || name == "InvalidToken" || name == "TokenRefreshRequired")
    return "Is repo-s3-token still valid?";
  if (name == "AuthorizationHeaderMalformed" || name == "PermanentRedirect" ||
      (status >= 300 && status <= 399))
    return "Are repo-s3-region and repo-s3-endpoint those of the bucket?";
  if (name == "RequestTimeTooSkewed")
    return "Is the clock of this host right?";
  if (name == "AccessDenied" || status == 403)
    return "Are repo-s3-key and repo-s3-key-secret right, and may the key list, read, write and "
           "remove objects below repo-path in this bucket?";
  return {};
}

result<object::object_page> page_of(byte_view body,
                                    const object::object_store::list_request& asked) {
  auto root = parse_xml(body);
  if (!root)
    return root.failure();
  if (root->name != "ListBucketResult")
    return strange("no ListBucketResult");
  const auto* truncated = root->child("IsTruncated");
  if (truncated == nullptr)
    return strange("ListBucketResult without IsTruncated");
  const bool encoded = root->text_of("EncodingType") == "url";
  const auto name_of = [&](std::string_view text) {
    return encoded ? decoded(text) : std::string(text);
  };
  object::object_page out;
  for (const auto& one : root->children) {
    if (one.name == "Contents") {
      const auto size = number_of<uint64_t>(one.text_of("Size"));
      const auto time = seconds_of_iso(one.text_of("LastModified"));
      auto key = name_of(one.text_of("Key"));
      if (!size || !time || key.empty())
        return strange("an object without key, size or time");
      if (auto fine = check_key(key, asked.prefix); !fine)
        return fine.failure();
      out.objects.push_back({std::move(key), *size, *time});
    } else if (one.name == "CommonPrefixes") {
      auto prefix = name_of(one.text_of("Prefix"));
      if (auto fine = check_key(prefix, asked.prefix); !fine)
        return fine.failure();
      if (!prefix.ends_with('/'))
        return strange("a prefix without '/' at its end");
      out.prefixes.push_back(std::move(prefix));
    }
  }
  if (truncated->text == "true") {
    out.next = root->text_of("NextContinuationToken");
    if (out.next.empty())
      return strange("a part of a list, and nothing to go on with");
  }
  return out;
}

result<object::object_about> about_of(const http::response& answer) {
  const auto size = number_of<uint64_t>(answer.find("content-length"));
  const auto time = seconds_of_http(answer.find("last-modified"));
  if (!size || !time)
    return error{errc::protocol, "the store does not tell size and time of an object"};
  return object::object_about{*size, *time};
}

std::optional<uint64_t> whole_size_of(std::string_view content_range) {
  const auto slash = content_range.rfind('/');
  if (!content_range.starts_with("bytes ") || slash == std::string_view::npos)
    return {};
  return number_of<uint64_t>(content_range.substr(slash + 1));
}

std::optional<int64_t> seconds_of_iso(std::string_view text) {
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T')
    return {};
  const auto month = number_of<unsigned>(text.substr(5, 2));
  if (!month)
    return {};
  return seconds_at(text.substr(0, 4), *month, text.substr(8, 2), text.substr(11, 8));
}

std::optional<int64_t> seconds_of_http(std::string_view text) {
  // "Fri, 02 Jan 2026 03:04:05 GMT"
  if (text.size() < 25 || text.substr(3, 2) != ", ")
    return {};
  const auto at = std::ranges::find(months, text.substr(8, 3));
  if (at == months.end())
    return {};
  return seconds_at(text.substr(12, 4), static_cast<unsigned>(at - months.begin()) + 1,
                    text.substr(5, 2), text.substr(17, 8));
}

result<std::string> text_in(byte_view body, std::string_view root, std::string_view wanted) {
  auto tree = parse_xml(body);
  if (!tree)
    return tree.failure();
  const auto text = tree->text_of(wanted);
  if (tree->name != root || text.empty())
    return strange(fmt::format("no {} in {}", wanted, root));
  return std::string(text);
}

std::string removal_of(std::span<const std::string> keys) {
  std::string out(xml_start);
  out += "<Delete><Quiet>true</Quiet>";
  for (const auto& key : keys)
    out += "<Object><Key>" + xml_escaped(key) + "</Key></Object>";
  return out + "</Delete>";
}

result<void> check_removal(byte_view body) {
  const auto root = parse_xml(body);
  if (!root)
    return root.failure();
  if (root->name != "DeleteResult")
    return strange("no DeleteResult");
  for (const auto& one : root->children)
    if (one.name == "Error" && one.text_of("Code") != "NoSuchKey")
      return error{errc::protocol,
                   fmt::format("the store does not remove '{}': {} {}",
                               printable_line(one.text_of("Key")), one.text_of("Code"),
                               printable_line(one.text_of("Message")))};
  return success();
}

std::string part_list_of(std::span<const object::uploaded_part> parts) {
  std::string out(xml_start);
  out += "<CompleteMultipartUpload>";
  for (const auto& one : parts)
    out += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>", one.number,
                       xml_escaped(one.tag));
  return out + "</CompleteMultipartUpload>";
}

} // namespace pgbraid::s3
