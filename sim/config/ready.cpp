// SPDX-License-Identifier: Apache-2.0
#include "sim/config/ready.h"

#include <stdlib.h>

#include <set>
#include <string_view>

#include "sim/config/nearest.h"
#include "sim/config/plain_text.h"

namespace stile::sim {

namespace fs = std::filesystem;

std::vector<fs::path> ready_folders() {
    std::vector<fs::path> folders;
    if (const char* path = getenv("STILE_CONFIG_PATH")) {
        std::string_view rest = path;
        while (!rest.empty()) {
            const size_t colon = rest.find(':');
            if (colon != 0) folders.emplace_back(rest.substr(0, colon));
            rest.remove_prefix(colon == rest.npos ? rest.size() : colon + 1);
        }
    }
    std::error_code error;
    const fs::path here = fs::read_symlink("/proc/self/exe", error).parent_path();
    if (!error) {
        folders.push_back(here / "configs");
        folders.push_back(here.parent_path() / "share" / "stile" / "configs");
    }
    return folders;
}

std::vector<std::string> ready_names(const std::string& kind) {
    std::set<std::string> names;
    for (const fs::path& folder : ready_folders()) {
        std::error_code error;
        for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end;
             it.increment(error)) {
            const std::string name = it->path().lexically_relative(folder).string();
            if (name.ends_with(".yaml") && (kind.empty() || name.starts_with(kind + "/"))) names.insert(name);
        }
    }
    return {names.begin(), names.end()};
}

std::string ready_path(const std::string& text, const Place& place) {
    if (!text.starts_with(ready_prefix)) return text;
    const std::string name = text.substr(std::string_view(ready_prefix).size());
    std::string tried;
    for (const fs::path& folder : ready_folders()) {
        const fs::path file = folder / name;
        std::error_code error;
        if (fs::is_regular_file(file, error)) return fs::weakly_canonical(file, error).string();
        tried += "\n  " + file.lexically_normal().string();
    }
    const std::string best = nearest(name, ready_names());
    throw BadInput(place, "there is no ready configuration " + shown(text),
                   (best.empty() ? "" : "did you mean '" + std::string(ready_prefix) + best + "'? ") +
                       "It was looked for at:" + tried);
}

}  // namespace stile::sim
