#include "server/cli/config.h"

#include <algorithm>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"

namespace perdure::server {
namespace {

bool IsKey(const std::string& name) {
  const auto keys = ConfigKeys();
  return std::any_of(keys.begin(), keys.end(), [&](const ConfigKey& key) { return key.name == name; });
}

// Whether some key lies below `name`.
bool IsSection(const std::string& name) {
  const auto keys = ConfigKeys();
  return std::any_of(keys.begin(), keys.end(),
                     [&](const ConfigKey& key) { return key.name.substr(0, name.size() + 1) == name + "."; });
}

std::string TextOf(const YAML::Node& value) {
  std::vector<std::string> items;
  if (value.IsMap()) {
    for (const auto& pair : value) {
      items.push_back(fmt::format("{}={}", pair.first.as<std::string>(), pair.second.as<std::string>("")));
    }
    return absl::StrJoin(items, ",");
  }
  if (value.IsSequence()) {
    for (const auto& item : value) items.push_back(item.as<std::string>(""));
    return absl::StrJoin(items, ",");
  }
  return value.IsNull() ? "" : value.as<std::string>();
}

absl::Status Flatten(const YAML::Node& section, const std::string& prefix, ConfigValues& values) {
  for (const auto& pair : section) {
    const std::string name = prefix + pair.first.as<std::string>();
    if (IsKey(name)) {
      values[name] = TextOf(pair.second);
    } else if (IsSection(name) && pair.second.IsMap()) {
      const absl::Status status = Flatten(pair.second, name + ".", values);
      if (!status.ok()) return status;
    } else {
      return absl::InvalidArgumentError(
          fmt::format("unknown key \"{}\" in line {}; `perdure config` lists the keys", name,
                      pair.first.Mark().line + 1));
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::string EnvironmentName(std::string_view key) {
  std::string name = "PERDURE_" + std::string(key);
  std::replace(name.begin(), name.end(), '.', '_');
  absl::AsciiStrToUpper(&name);
  return name;
}

absl::StatusOr<ConfigValues> ReadConfigFile(const std::string& path) {
  ConfigValues values;
  try {
    const YAML::Node root = YAML::LoadFile(path);
    if (root.IsNull()) return values;
    if (!root.IsMap()) return absl::InvalidArgumentError(fmt::format("{}: write KEY: VALUE lines", path));
    const absl::Status status = Flatten(root, "", values);
    if (!status.ok())
      return absl::InvalidArgumentError(fmt::format("{}: {}", path, std::string(status.message())));
    return values;
  } catch (const YAML::BadFile&) {  // the library's way
    return absl::InvalidArgumentError(fmt::format("cannot read {}: give --config a readable file", path));
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(fmt::format("{}: {}", path, error.what()));
  }
}

absl::StatusOr<ServeConfig> MakeConfig(const ConfigValues& file,
                                       const std::function<const char*(const char*)>& variable,
                                       const ConfigValues& flags) {
  ServeConfig config;
  for (const ConfigKey& key : ConfigKeys()) {
    const std::string name(key.name);
    const std::string environment = EnvironmentName(name);
    std::string value(key.default_value);
    std::string source = name;
    if (const auto found = file.find(name); found != file.end()) value = found->second;
    if (const char* set = variable(environment.c_str())) {
      value = set;
      source = environment;
    }
    if (const auto found = flags.find(name); found != flags.end()) {
      value = found->second;
      source = "--" + name;
    }
    const absl::Status status = key.set(value, config);
    if (!status.ok()) {
      return absl::InvalidArgumentError(fmt::format("{}: {}", source, std::string(status.message())));
    }
  }
  return config;
}

std::string ConfigDocumentation() {
  std::string text;
  for (const ConfigKey& key : ConfigKeys()) {
    text +=
        fmt::format("# {}\n# Environment: {}; flag: --{}\n{}: {}\n\n", key.help, EnvironmentName(key.name),
                    key.name, key.name, key.default_value.empty() ? "\"\"" : key.default_value);
  }
  return text;
}

}  // namespace perdure::server
