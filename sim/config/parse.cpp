// SPDX-License-Identifier: Apache-2.0
//
// From text to nodes. What yaml-cpp would take from a hostile file without a word is stopped here: depth, and
// sizes that aliases multiply. Its messages are for those who write parsers; ours for those who write YAML.
#include <fmt/format.h>
#include <yaml-cpp/anchor.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <map>
#include <set>
#include <sstream>

#include "sim/config/plain_text.h"
#include "sim/config/tree.h"

namespace stile::sim {
namespace {

// More than any honest configuration has.
constexpr size_t max_nodes = 100'000, max_text = 16 << 20, max_depth = 64, max_keys = 1'000;

struct Size {
    size_t nodes = 0, text = 0, depth = 0;
};

Size measure(const Node& node) {
    Size all{1, node.text.size(), 0};
    const auto add = [&all](const Node& child) {
        const Size size = measure(child);
        all.nodes += size.nodes;
        all.text += size.text;
        all.depth = std::max(all.depth, size.depth + 1);
    };
    for (const Node& item : node.items) add(item);
    for (const Node::Entry& entry : node.entries) {
        all.text += entry.key.size();
        add(entry.value);
    }
    return all;
}

// yaml-cpp counts bytes; people count characters.
class Lines {
  public:
    explicit Lines(const std::string& text) : text_(text) {
        starts_.push_back(text.starts_with("\xef\xbb\xbf") ? 3 : 0);
        for (size_t at = 0; at < text.size(); ++at)
            if (text[at] == '\n') starts_.push_back(at + 1);
    }
    // Counted from 1. Marks come in the order of the text, so each line is walked once.
    unsigned line(const YAML::Mark& mark) const { return static_cast<unsigned>(std::max(mark.line, 0)) + 1; }
    unsigned column(const YAML::Mark& mark) const {
        const size_t end = offset(mark);
        if (last_.line != line(mark) || last_.offset > end)
            last_ = {line(mark), line(mark) > starts_.size() ? end : starts_[line(mark) - 1], 1};
        for (; last_.offset < end; ++last_.offset)
            last_.column += (static_cast<unsigned char>(text_[last_.offset]) & 0xc0) != 0x80;
        return last_.column;
    }
    std::string_view text(const YAML::Mark& mark) const {
        if (line(mark) > starts_.size()) return "";
        const std::string_view rest = std::string_view(text_).substr(starts_[line(mark) - 1]);
        return rest.substr(0, rest.find('\n'));
    }
    char character(const YAML::Mark& mark) const {
        return offset(mark) < text_.size() ? text_[offset(mark)] : 0;
    }
    // yaml-cpp takes the end of the file for the end of a quoted text. Returns the quote that is missing.
    char unclosed_quote(const YAML::Mark& mark) const {
        size_t at = offset(mark);
        if (at < text_.size() && text_[at] == '&') at = text_.find_first_of("\"'", at);
        if (at >= text_.size() || (text_[at] != '"' && text_[at] != '\'')) return 0;
        const char quote = text_[at];
        for (++at; at < text_.size(); ++at) {
            if (quote == '"' && text_[at] == '\\') {
                ++at;
            } else if (text_[at] == quote) {
                if (quote == '"' || at + 1 == text_.size() || text_[at + 1] != quote) return 0;
                ++at;
            }
        }
        return quote;
    }

  private:
    struct Last {
        unsigned line = 0;
        size_t offset = 0;
        unsigned column = 1;
    };
    size_t offset(const YAML::Mark& mark) const {
        if (line(mark) > starts_.size()) return text_.size();
        return std::min(starts_[line(mark) - 1] + static_cast<size_t>(std::max(mark.column, 0)),
                        text_.size());
    }
    const std::string& text_;
    std::vector<size_t> starts_;
    mutable Last last_;
};

class Builder : public YAML::EventHandler {
  public:
    Builder(const std::string& text, std::string file, bool is_option)
        : lines_(text), file_(std::move(file)), is_option_(is_option) {}

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (++documents_ == 2)
            faults_.push_back(
                {at(mark), "a second document begins here", "a file holds one; remove the '---' or '...'"});
    }
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
        grow(known->second.size, mark);
        Node copy = known->second.node;
        copy.place = at(mark);
        open_.emplace_back().node = std::move(copy);
        end();
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        Node& node = begin(Node::Kind::scalar, mark, anchor);
        grow({0, value.size(), 0}, mark);
        node.text = value;
        node.quoted = tag == "!";
        if (!node.quoted && (value == "~" || value == "null" || value.empty())) node.kind = Node::Kind::null;
        if (node.quoted) last_quote_ = mark;
        if (value.find('\0') != std::string::npos)
            faults_.push_back({at(mark), "'" + shown(value) + "' holds a zero byte", "leave out the '\\0'"});
        check_tag(tag, mark);
        end();
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value style) override {
        begin(Node::Kind::sequence, mark, anchor);
        open_.back().flow = style == YAML::EmitterStyle::Flow;
        check_tag(tag, mark);
    }
    void OnSequenceEnd() override { end(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value style) override {
        begin(Node::Kind::map, mark, anchor);
        open_.back().flow = style == YAML::EmitterStyle::Flow;
        check_tag(tag, mark);
    }
    void OnMapEnd() override { end(); }

    Node take() { return std::move(root_); }
    const Faults& faults() const { return faults_; }
    Place at(const YAML::Mark& mark) const {
        if (is_option_) return {file_, 0, 0};
        return {file_, lines_.line(mark), lines_.column(mark)};
    }
    void check_quotes() const {
        if (lines_.unclosed_quote(last_quote_)) throw unclosed_quote(last_quote_);
    }
    BadInput translated(const YAML::Exception& error) const;

  private:
    struct Open {
        Node node;
        YAML::anchor_t anchor = YAML::NullAnchor;
        bool has_key = false, flow = false;
        std::string key;
        Place key_place;
        std::set<std::string> keys;
    };
    struct Anchored {
        Node node;
        Size size;
    };

    BadInput unclosed_quote(const YAML::Mark& mark) const {
        return {at(mark), "a quoted text begins here and does not end",
                std::string("close it with ") + lines_.unclosed_quote(mark)};
    }
    // What is about to be added; `size.depth` is how deep it is in itself.
    void grow(const Size& size, const YAML::Mark& mark) {
        nodes_ += size.nodes;
        text_ += size.text;
        if (nodes_ > max_nodes || text_ > max_text)
            throw BadInput(at(mark), "too many values", "aliases may be multiplying them");
        if (open_.size() + size.depth > max_depth)
            throw BadInput(at(mark), "this is nested too deeply",
                           fmt::format("a configuration has {} levels at most", max_depth));
    }
    void check_tag(const std::string& tag, const YAML::Mark& mark) {
        if (tag.empty() || tag == "?" || tag == "!") return;
        faults_.push_back({at(mark), "tag '" + shown(tag) + "' has no meaning here", "leave it out"});
    }
    Node& begin(Node::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
        grow({1, 0, 0}, mark);
        Node node;
        node.kind = kind;
        node.place = at(mark);
        open_.push_back({std::move(node), anchor, false, false, "", {}, {}});
        mark_ = mark;
        return open_.back().node;
    }
    void end() {
        Open done = std::move(open_.back());
        open_.pop_back();
        if (done.anchor != YAML::NullAnchor) {
            // Kept beside the value itself: it counts twice.
            const Size size = measure(done.node);
            grow({size.nodes, size.text, 0}, mark_);
            anchors_[done.anchor] = {done.node, size};
        }
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
                const bool nothing = done.node.kind == Node::Kind::null;
                faults_.push_back({done.node.place,
                                   std::string("a key must be text, not ") + done.node.kind_name(),
                                   nothing ? "is there a comma or colon too many?" : "write KEY: VALUE"});
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
        if (!parent.keys.insert(parent.key).second) {
            faults_.push_back({parent.key_place, "key '" + shown(parent.key) + "' appears twice in one map",
                               "it was first given at " + parent.node.find(parent.key)->key_place.text()});
            return;
        }
        if (parent.keys.size() > max_keys)
            throw BadInput(parent.key_place, "too many keys in one map",
                           fmt::format("{} at most are expected", max_keys));
        parent.node.entries.push_back({parent.key, parent.key_place, std::move(value)});
    }

    Lines lines_;
    std::string file_;
    bool is_option_;
    std::vector<Open> open_;
    std::map<YAML::anchor_t, Anchored> anchors_;
    Node root_;
    Faults faults_;
    YAML::Mark mark_, last_quote_;
    unsigned documents_ = 0;
    size_t nodes_ = 0, text_ = 0;
};

BadInput Builder::translated(const YAML::Exception& error) const {
    namespace msg = YAML::ErrorMsg;
    const YAML::Mark& mark = error.mark;
    const Place place = at(mark);
    if (lines_.unclosed_quote(last_quote_)) return unclosed_quote(last_quote_);
    if (lines_.unclosed_quote(mark)) return unclosed_quote(mark);
    // The most frequent mistake, which yaml-cpp calls many things.
    const std::string_view line = lines_.text(mark);
    const size_t tab = line.find('\t');
    if (tab != line.npos && line.find_first_not_of(" \t") > tab) {
        Place at_tab = place;
        if (!is_option_) at_tab.column = static_cast<unsigned>(tab) + 1;
        return {at_tab, "a tab stands where the line is indented",
                "indent with spaces: YAML allows no tabs there"};
    }
    // Its words for maps in lists in maps without end.
    if (error.msg == msg::BAD_FILE)
        return {place, "this is nested too deeply",
                fmt::format("a configuration has {} levels at most", max_depth)};
    const auto opened = [this](Node::Kind kind) -> std::string {
        for (auto open = open_.rbegin(); open != open_.rend(); ++open)
            if (open->flow && open->node.kind == kind) return " that began at " + open->node.place.text();
        return "";
    };
    const char* const indent = "indent it like its neighbours; text that holds ': ' needs quotes";
    if (error.msg == msg::END_OF_SEQ_FLOW)
        return {place, "the list" + opened(Node::Kind::sequence) + " does not end before this",
                "put a ',' between its items and a ']' at its end"};
    if (error.msg == msg::END_OF_MAP_FLOW)
        return {place, "the map" + opened(Node::Kind::map) + " does not end before this",
                "put a ',' between its entries and a '}' at its end"};
    if (error.msg == msg::FLOW_END)
        return {place, "nothing that this could end has begun", "remove it, or quote the text that it is in"};
    if (error.msg == msg::MAP_VALUE || error.msg == msg::MAP_KEY)
        return {place, "no key may stand here", indent};
    if (error.msg == msg::END_OF_MAP) return {place, "a KEY: VALUE was expected here", indent};
    if (error.msg == msg::END_OF_SEQ) return {place, "a '- ITEM' was expected here", indent};
    if (error.msg == msg::BLOCK_ENTRY) return {place, "no '- ITEM' may stand here", indent};
    if (error.msg == msg::UNKNOWN_ANCHOR || error.msg.starts_with(msg::UNKNOWN_ANCHOR))
        return {place, "the alias names no anchor", "write '&NAME' before the value that it stands for"};
    if (error.msg == msg::UNKNOWN_TOKEN)
        return {place, "no value begins with '" + shown(std::string(1, lines_.character(mark))) + "'",
                "put the text in quotes"};
    return {place, "not valid YAML: " + shown(error.msg), ""};
}

}  // namespace

Node parse_yaml(const std::string& text, const std::string& file, bool is_option) {
    if (const auto fault = find_text_fault(text))
        throw BadInput({file, is_option ? 0 : fault->line, is_option ? 0 : fault->column}, fault->wrong,
                       fault->remedy);
    Builder builder(text, file, is_option);
    std::istringstream in(text);
    try {
        YAML::Parser parser(in);
        while (parser.HandleNextDocument(builder)) {
        }
    } catch (const YAML::Exception& error) {
        throw builder.translated(error);
    }
    builder.check_quotes();
    if (!builder.faults().empty()) throw BadInput(builder.faults());
    return builder.take();
}

}  // namespace stile::sim
