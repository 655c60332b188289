// SPDX-License-Identifier: Apache-2.0
#include "sim/config/describe.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/config/bind.h"
#include "sim/config/sweep.h"

namespace stile::sim {
namespace {

using Json = nlohmann::ordered_json;

std::vector<std::string> split(const std::string& path) {
    std::vector<std::string> names;
    size_t begin = 0;
    for (size_t dot = path.find('.'); dot != std::string::npos; dot = path.find('.', begin)) {
        names.push_back(path.substr(begin, dot - begin));
        begin = dot + 1;
    }
    names.push_back(path.substr(begin));
    return names;
}

Json number_schema(const Key& key, const char* pattern) {
    Json number{{"type", "integer"}, {"minimum", key.min()}};
    if (key.max() != std::numeric_limits<int64_t>::max()) number["maximum"] = key.max();
    if (!pattern) return number;
    const Json with_unit{{"type", "string"}, {"pattern", pattern}};
    if (key.kind() == KeyKind::frequency || key.kind() == KeyKind::time) return with_unit;
    if (key.kind() == KeyKind::moment) return {{"anyOf", {Json{{"enum", key.choices()}}, with_unit}}};
    return {{"anyOf", {number, with_unit}}};
}

Json text_schema(const Key& key) {
    // Plain YAML numbers are fine where text is expected.
    if (key.choices().empty()) return {{"type", {"string", "number", "boolean"}}};
    return {{"enum", key.choices()}};
}

Json value_schema(const Key& key) {
    constexpr const char* sizes = "^[0-9.]+ *(B|KiB|MiB|GiB)$";
    switch (key.kind()) {
        case KeyKind::integer:
            return number_schema(key, nullptr);
        case KeyKind::boolean:
            return {{"type", "boolean"}};
        case KeyKind::text:
        case KeyKind::path:
            return text_schema(key);
        case KeyKind::bytes:
            return number_schema(key, sizes);
        case KeyKind::frequency:
            return number_schema(key, "^[0-9.]+ *(Hz|kHz|MHz|GHz)$");
        case KeyKind::time:
        case KeyKind::moment:
            return number_schema(key, "^[0-9.]+ *(ns|us|ms|s)$");
        case KeyKind::cycles:
            return number_schema(key, "^[0-9.]+ *(cycles?|ns|us|ms|s)$");
        case KeyKind::text_list:
            return {{"type", "array"}, {"items", text_schema(key)}};
        case KeyKind::bytes_list:
            return {{"type", "array"}, {"items", number_schema(key, sizes)}};
    }
    return {};
}

void put(Json& root, const Key& key) {
    Json* node = &root;
    const std::vector<std::string> names = split(key.path());
    for (const std::string& name : names) {
        if (!node->contains("properties")) {
            (*node)["type"] = "object";
            (*node)["additionalProperties"] = false;
            (*node)["properties"] = Json::object();
        }
        node = &(*node)["properties"][name];
    }
    *node = value_schema(key);
    const std::string standard = key.followed().empty() ? key.default_text() : "that of " + key.followed();
    (*node)["description"] = key.help() + (key.is_required() ? "" : " (default: " + standard + ")");
}

void put_sweep(Json& schema) {
    SweepConfig sweep;
    Registry keys;
    bind_sweep(keys, sweep);
    for (const Key& key : keys.keys()) put(schema, key);
    Json range{{"type", "object"},
               {"required", {"from", "to"}},
               {"minProperties", 3},
               {"maxProperties", 3},
               {"additionalProperties", false}};
    for (const char* name : {"from", "to", "step", "times", "count"})
        range["properties"][name] = Json::object();
    const Json axes{{"type", "object"},
                    {"minProperties", 1},
                    {"additionalProperties", {{"anyOf", {{{"type", "array"}, {"minItems", 1}}, range}}}}};
    Json& forms = schema["properties"]["sweep"]["properties"];
    forms["axes"] = axes;
    forms["zip"] = {{"type", "array"}, {"items", axes}};
    for (const SweepForm& form : sweep_forms)
        forms[std::string(form.key).substr(std::string("sweep.").size())]["description"] = form.help;
}

void print(std::string& out, const Key& key) {
    out += fmt::format(
        "{}\n    {}\n    {}; {}{}\n", key.path(), key.help(), key.kind_text(),
        key.is_required() ? "required" : "default " + key.default_text(),
        key.source().empty() || key.source() == "workload" ? "" : "\n    source: " + key.source());
}

using KeyTest = bool (*)(const Key&);

bool is_used(const Key& key) { return key.is_used(); }

// The keys as a file nests them. A group stands where its first key does; keys of one group need not stand
// together.
struct Branch {
    std::string name;
    const Key* key = nullptr;  // none: a group
    bool wanted = false;       // it, or something below it
    std::vector<Branch> below = {};

    Branch& child(std::string_view child_name) {
        // Most often the one that was asked for last.
        for (auto it = below.rbegin(); it != below.rend(); ++it)
            if (it->name == child_name) return *it;
        return below.emplace_back(std::string(child_name));
    }
};

Branch tree_of(const Registry& keys, KeyTest test) {
    Branch root;
    for (const Key& key : keys.keys()) {
        const bool wanted = test(key);
        Branch* branch = &root;
        for (std::string_view rest = key.path(); !rest.empty();) {
            const size_t dot = std::min(rest.find('.'), rest.size());
            branch = &branch->child(rest.substr(0, dot));
            branch->wanted |= wanted;
            rest.remove_prefix(std::min(dot + 1, rest.size()));
        }
        if (!branch->key) branch->key = &key;
    }
    return root;
}

void write_yaml(std::string& out, const Branch& group, size_t depth, std::string (*value)(const Key&)) {
    for (const Branch& branch : group.below) {
        if (!branch.wanted) continue;
        out.append(depth * 2, ' ').append(branch.name) += ':';
        if (branch.key) {
            out.append(" ").append(value(*branch.key)) += '\n';
        } else {
            out += '\n';
            write_yaml(out, branch, depth + 1, value);
        }
    }
}

std::string yaml_of(const Registry& keys, KeyTest test, std::string (*value)(const Key&)) {
    std::string out;
    write_yaml(out, tree_of(keys, test), 0, value);
    return out;
}

}  // namespace

Followers followers_of(const Registry& keys) {
    std::string groups, prefix;
    for (const Key& key : keys.keys()) {
        if (key.followed().empty()) continue;
        // What both paths end in, and of it the first name.
        size_t same = 0;
        while (same < key.followed().size() &&
               key.path()[key.path().size() - 1 - same] == key.followed()[key.followed().size() - 1 - same])
            ++same;
        same -= key.path().find('.', key.path().size() - same) - (key.path().size() - same);
        const std::string end = key.path().substr(key.path().size() - same);
        const size_t dot = end.find('.', 1);
        const std::string group = end.substr(1, dot - 1) + (dot == end.npos ? "" : ".*");
        prefix = key.path().substr(0, key.path().size() - same);
        if ((", " + groups + ",").find(", " + group + ",") == std::string::npos)
            groups += (groups.empty() ? "" : ", ") + group;
    }
    return {prefix, groups};
}

std::string resolved_yaml(const Registry& keys) {
    return yaml_of(keys, is_used, [](const Key& key) { return key.value_text(); });
}

bool is_written(const Key& key) { return key.followed().empty() ? key.is_used() : key.was_given(); }

std::string given_yaml(const Registry& keys) {
    return yaml_of(keys, is_written, [](const Key& key) { return key.given_text(); });
}

std::string parameter_list(const workload::PluginList& workloads) {
    RunConfig config;
    Registry keys;
    bind_run(keys, config);
    std::string out =
        "extends\n    path of a YAML file, or a list of them, that this one is put over; relative to it, or "
        "'stile:machines/NAME.yaml', ...: a ready one\n"
        "    text or list of text; default none\n";
    for (const Key& key : keys.keys())
        if (key.followed().empty()) print(out, key);
    if (const Followers followers = followers_of(keys); !followers.groups.empty())
        out += fmt::format(
            "{}.KEY\n    for KEY in {}\n    like the key without the name in front of it; default its "
            "value\n",
            followers.prefix, followers.groups);
    for (const SweepForm& form : sweep_forms)
        out += fmt::format("{}\n    {}\n    {}\n", form.key, form.help, form.values);
    SweepConfig sweep;
    Registry sweep_keys;
    bind_sweep(sweep_keys, sweep);
    for (const Key& key : sweep_keys.keys()) print(out, key);
    for (const workload::Plugin& plugin : workloads.plugins) {
        out += fmt::format("\n# with workload.name: {} ({})\n", plugin.descriptor->name,
                           plugin.descriptor->help);
        Registry own;
        workload::Parameters values;
        bind_parameters(own, *plugin.descriptor, values);
        for (const Key& key : own.keys()) print(out, key);
    }
    return out;
}

std::string json_schema(const workload::PluginList& workloads) {
    RunConfig config;
    Registry keys;
    bind_run(keys, config);
    Json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", "Stile run"}};
    for (const Key& key : keys.keys()) put(schema, key);
    const Json path{{"type", "string"}};
    schema["properties"]["extends"] = {
        {"anyOf", {path, {{"type", "array"}, {"items", path}}}},
        {"description", "YAML files that this one is put over; stile:machines/NAME.yaml is a ready one"}};
    put_sweep(schema);
    schema["properties"]["workload"].erase("additionalProperties");

    // What may stand below `workload:` depends on its name.
    const Json own = schema["properties"]["workload"]["properties"];
    Json branches = Json::array();
    for (const workload::Plugin& plugin : workloads.plugins) {
        Registry parameters;
        workload::Parameters values;
        bind_parameters(parameters, *plugin.descriptor, values);
        Json allowed{{"properties", own}};
        for (const Key& key : parameters.keys()) {
            const std::string name = key.path().substr(key.path().find('.') + 1);
            allowed["properties"][name] = value_schema(key);
            allowed["properties"][name]["description"] = key.help();
        }
        allowed["additionalProperties"] = false;
        branches.push_back(
            {{"if",
              {{"properties", {{"name", {{"const", plugin.descriptor->name}}}}}, {"required", {"name"}}}},
             {"then", allowed}});
    }
    // Nothing is required: the name, too, may come from a file that this one extends.
    if (!branches.empty()) schema["properties"]["workload"]["allOf"] = branches;
    Json named{{"type", "string"}, {"description", "short for a map with this name"}};
    schema["properties"]["workload"] = {{"anyOf", {named, schema["properties"]["workload"]}}};
    return schema.dump(2) + "\n";
}

}  // namespace stile::sim
