#include <algorithm>
#include <functional>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

template <int N> struct Row : Row<N - 1> {
    std::map<int, std::tuple<std::string, std::vector<Row<N - 1>>>> rows;
    std::unordered_map<std::string, std::function<int(const Row<N - 1> &)>> calls;
    int sum() { return rows.size() + calls.size() + Row<N - 1>::sum(); }
};
template <> struct Row<0> {
    int sum() { return 0; }
};

int main(int argc, char **argv) {
    Row<90> row;
    std::regex words("([a-z]+)-([0-9]+)");
    return row.sum() + std::regex_search(argv[0], words);
}
