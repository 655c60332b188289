// SPDX-License-Identifier: Apache-2.0
#include "sim/config/tree.h"

#include <yaml-cpp/anchor.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

namespace stile::sim {
namespace {

// More than any honest configuration has; stops aliases of aliases of aliases.
constexpr size_t max_nodes = 100'000;

size_t count(const Node& node) {
    size_t total = 1;
    for (const Node& item : node.items) total += count(item);
    for (const Node::Entry& entry : node.entries) total += count(entry.value);
    return total;
}

class Builder : public YAML::EventHandler {
  public:
    Builder(std::string file, bool is_option) : file_(std::move(file)), is_option_(is_option) {}

    void OnDocumentStart(const YAML::Mark& mark) override { ++documents_; }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        begin(Node::Kind::null, mark, anchor);
        end();
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        const auto known = anchors_.find(anchor);
        if (known == anchors_.end()) {
            throw BadInput(at(mark), "an alias stands inside the value that it names", "write the value out");
        }
        Node copy = known->second;
        copy.place = at(mark);
        nodes_ += count(copy);
        check_size(mark);
        begin(copy, YAML::NullAnchor);
        end();
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        Node& node = begin(Node::Kind::scalar, mark, anchor);
        node.text = value;
        node.quoted = tag == "!";
        if (!node.quoted && (value == "~" || value == "null" || value.empty())) node.kind = Node::Kind::null;
        check_tag(tag, mark);
        end();
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value style) override {
        begin(Node::Kind::sequence, mark, anchor);
        check_tag(tag, mark);
    }
    void OnSequenceEnd() override { end(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value style) override {
        begin(Node::Kind::map, mark, anchor);
        check_tag(tag, mark);
    }
    void OnMapEnd() override { end(); }

    Node take() { return std::move(root_); }
    unsigned documents() const { return documents_; }
    const Faults& faults() const { return faults_; }
    Place at(const YAML::Mark& mark) const {
        if (is_option_) return {file_, 0, 0};
        return {file_, static_cast<unsigned>(mark.line) + 1, static_cast<unsigned>(mark.column) + 1};
    }

  private:
    struct Open {
        Node node;
        YAML::anchor_t anchor;
        bool has_key = false;
        std::string key;
        Place key_place;
    };

    void check_size(const YAML::Mark& mark) const {
        if (nodes_ > max_nodes)
            throw BadInput(at(mark), "too many values", "aliases may be multiplying them");
    }
    void check_tag(const std::string& tag, const YAML::Mark& mark) {
        if (tag.empty() || tag == "?" || tag == "!") return;
        faults_.push_back({at(mark), "tag '" + tag + "' has no meaning here", "leave it out"});
    }
    Node& begin(Node node, YAML::anchor_t anchor) {
        open_.push_back({std::move(node), anchor, false, "", {}});
        return open_.back().node;
    }
    Node& begin(Node::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
        ++nodes_;
        check_size(mark);
        Node node;
        node.kind = kind;
        node.place = at(mark);
        return begin(std::move(node), anchor);
    }
    void end() {
        Open done = std::move(open_.back());
        open_.pop_back();
        if (done.anchor != YAML::NullAnchor) anchors_[done.anchor] = done.node;
        if (open_.empty()) {
            root_ = std::move(done.node);
            return;
        }
        Open& parent = open_.back();
        if (parent.node.kind == Node::Kind::sequence) {
            parent.node.items.push_back(std::move(done.node));
        } else if (!parent.has_key) {
            parent.has_key = true;
            parent.key = done.node.text;
            parent.key_place = done.node.place;
            if (done.node.kind != Node::Kind::scalar) {
                faults_.push_back(
                    {done.node.place, std::string("a key must be text, not ") + done.node.kind_name(), ""});
            }
        } else {
            parent.has_key = false;
            // Where nothing was written, yaml-cpp points behind it.
            if (done.node.kind == Node::Kind::null && done.node.text.empty())
                done.node.place = parent.key_place;
            add(parent, std::move(done.node));
        }
    }
    void add(Open& parent, Node value) {
        if (const Node::Entry* first = parent.node.find(parent.key)) {
            faults_.push_back({parent.key_place, "key '" + parent.key + "' appears twice in one map",
                               "it was first given at " + first->key_place.text()});
            return;
        }
        parent.node.entries.push_back({parent.key, parent.key_place, std::move(value)});
    }

    std::string file_;
    bool is_option_;
    std::vector<Open> open_;
    std::map<YAML::anchor_t, Node> anchors_;
    Node root_;
    Faults faults_;
    unsigned documents_ = 0;
    size_t nodes_ = 0;
};

}  // namespace

const Node::Entry* Node::find(std::string_view key) const {
    for (const Entry& entry : entries) {
        if (entry.key == key) return &entry;
    }
    return nullptr;
}

Node::Entry* Node::find(std::string_view key) {
    return const_cast<Entry*>(static_cast<const Node*>(this)->find(key));
}

const char* Node::kind_name() const {
    switch (kind) {
        case Kind::null:
            return "nothing";
        case Kind::scalar:
            return "a single value";
        case Kind::sequence:
            return "a list";
        case Kind::map:
            return "a map";
    }
    return "";
}

Node parse_yaml(const std::string& text, const std::string& file, bool is_option) {
    Builder builder(file, is_option);
    std::istringstream in(text);
    try {
        YAML::Parser parser(in);
        while (parser.HandleNextDocument(builder)) {
        }
    } catch (const YAML::Exception& error) {
        std::string remedy;
        // yaml-cpp stops with an unhelpful text at the most frequent mistake: a tab as indentation.
        const auto place = builder.at(error.mark.is_null() ? YAML::Mark::null_mark() : error.mark);
        std::istringstream lines(text);
        std::string line;
        for (unsigned n = 0; n < place.line && std::getline(lines, line); ++n) {
        }
        if (line.find('\t') != std::string::npos && line.find_first_not_of(" \t") > line.find('\t')) {
            remedy = "indent with spaces: YAML allows no tabs there";
        }
        // Its words for maps in lists in maps without end.
        if (error.msg == YAML::ErrorMsg::BAD_FILE) throw BadInput(place, "this is nested too deeply", "");
        throw BadInput(place, "not valid YAML: " + error.msg, remedy);
    }
    Faults faults = builder.faults();
    if (builder.documents() > 1) {
        faults.push_back({{file, is_option ? 0u : 1u, is_option ? 0u : 1u},
                          "the file holds more than one document",
                          "remove the '---' between them"});
    }
    if (!faults.empty()) throw BadInput(std::move(faults));
    return builder.take();
}

Node read_yaml(const std::string& path) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) {
        throw BadInput({path, 0, 0}, "this is a folder", "name a YAML file in it");
    }
    std::ifstream in(path, std::ios::binary);
    if (!in)
        throw BadInput({path, 0, 0}, std::string("cannot be read: ") + std::strerror(errno),
                       "check the path");
    std::ostringstream text;
    text << in.rdbuf();
    if (text.str().find('\0') != std::string::npos) {
        throw BadInput({path, 1, 1}, "this is no text file", "name a YAML file");
    }
    Node root = parse_yaml(text.str(), path);
    if (root.place.line == 0) root.place = {path, 1, 1};
    if (root.kind == Node::Kind::null) {
        throw BadInput({path, 1, 1}, "the file is empty", "at least 'workload:' is needed");
    }
    if (root.kind != Node::Kind::map) {
        throw BadInput(root.place, std::string("the file holds ") + root.kind_name(),
                       "a map of keys such as 'workload: sync_call' is expected");
    }
    return root;
}

void merge(Node& base, Node over) {
    if (base.kind != Node::Kind::map || over.kind != Node::Kind::map) {
        base = std::move(over);
        return;
    }
    for (Node::Entry& entry : over.entries) {
        if (Node::Entry* known = base.find(entry.key)) {
            known->key_place = entry.key_place;
            merge(known->value, std::move(entry.value));
        } else {
            base.entries.push_back(std::move(entry));
        }
    }
    base.place = over.place;
}

}  // namespace stile::sim
