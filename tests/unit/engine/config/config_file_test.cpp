// INI files: syntax, sections, warnings, where files are looked for.
// Messages are those of the peer (pgBackRest 2.45, run by hand).
// SPDX-License-Identifier: MIT
#include "engine/config/ini.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/engine/config/run.hpp"

#include <random>

using namespace pgbraid;
using namespace pgbraid::config;
namespace fs = std::filesystem;

namespace {

run with(std::string file) {
  auto out = backup({});
  out.file = std::move(file);
  return out;
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

/// A tree of files to look for configuration in.
struct tree {
  tree() {
    std::string name = (fs::temp_directory_path() / "pgbraid-tree-XXXXXX").string();
    root = ::mkdtemp(name.data());
  }
  ~tree() { fs::remove_all(root); }

  void put(const std::string& name, int process_max) {
    fs::create_directories((root / name).parent_path());
    std::ofstream file(root / name);
    if (name.ends_with(".toml"))
      file << "[global]\nprocess-max = " << process_max << "\n";
    else
      file << "[global]\nprocess-max=" << process_max << "\n";
  }

  result<options> load(std::vector<std::string> more) const {
    inputs from{{"backup", "--stanza=demo", "--pg1-path=/pg"},
                {},
                "pgbraid",
                {at("etc/pgbraid.toml"), at("etc/pgbackrest"), at("etc/pgbackrest.conf")}};
    from.args.insert(from.args.end(), more.begin(), more.end());
    std::vector<std::string> warnings;
    return config::load(from, warnings);
  }

  /// process-max, which every file sets differently; 0 when it is not set.
  int64_t found(std::vector<std::string> more) const {
    auto opts = load(std::move(more));
    REQUIRE_MESSAGE(opts, (opts ? "" : opts.failure().text()));
    return opts->has_value("process-max") ? opts->integer("process-max") : 0;
  }

  std::string at(const std::string& name) const { return (root / name).string(); }

  fs::path root;
};

} // namespace

TEST_CASE("ini: lines, comments, blanks, merged sections") {
  auto parsed = parse_ini("# c\n\n [a] \n k = v = w \n\tx=#1\r\n[b]\nk=\n[a]\nz=1");
  REQUIRE(parsed);
  REQUIRE(parsed->size() == 4);
  CHECK((*parsed)[0].section == "a");
  CHECK((*parsed)[0].name == "k");
  CHECK((*parsed)[0].texts.front() == "v = w");
  CHECK((*parsed)[1].texts.front() == "#1");
  CHECK((*parsed)[2].section == "b");
  CHECK((*parsed)[2].texts.front().empty());
  CHECK((*parsed)[3].section == "a");
  CHECK(parse_ini("")->empty());
}

TEST_CASE("ini: what does not parse") {
  test::hostile("lines of configuration", 5);
  CHECK(first_line(with("process-max=1\n").bad()) ==
        "[29]: key/value found outside of section at line 1: process-max=1");
  CHECK(first_line(with("[global]\nprocess-max 1\n").bad()) ==
        "[29]: missing '=' in key/value at line 2: process-max 1");
  CHECK(first_line(with("[global\nx=1\n").bad()) ==
        "[29]: ini section should end with ] at line 1: [global");
  CHECK(first_line(with("[global]\n\n[]\n").bad()) == "[29]: invalid empty section at line 3: []");
  CHECK(first_line(with("[global]\n;x=1 2\nrepo1-path\n").bad()) ==
        "[29]: missing '=' in key/value at line 3: repo1-path");
}

TEST_CASE("ini: a malformed line is shown unless it may hold a secret") {
  test::hostile("lines of configuration");
  // Whatever lost its key, its = or its line feed: no part of the secret is in the message.
  for (const std::string secret : {"hunter2", "S3cretWord", "c2VjcmV0IHdvcmQ", "s3-cret_word"}) {
    for (const std::string& line :
         {"repo1-cipher-pass " + secret, "repo1-cipher-pass:" + secret, "  " + secret, secret,
          "[" + secret, "[global " + secret, "=" + secret, "\xEF\xBB\xBF" + secret,
          "repo-cipher-pass\"" + secret, secret + " repo1-path"}) {
      test::hostile("lines of configuration");
      const auto said = with("[global]\n" + line + "\n").bad();
      CHECK_MESSAGE(said.find(secret) == std::string::npos, said);
      CHECK_MESSAGE(said.find("line 2") != std::string::npos, said);
    }
    CHECK(with("repo1-cipher-pass=" + secret + "\n").bad().find(secret) == std::string::npos);
  }
  // The second line of a secret that was broken in two.
  auto torn = with("[global]\nrepo1-cipher-pass=first\nSecondHalf==\n");
  torn.good();
  CHECK(torn.warnings ==
        std::vector<std::string>{"configuration file contains invalid option '(not shown)'"});
  CHECK(first_line(with("[global]\nrepo1-path:/x\n").bad()) ==
        "[29]: missing '=' in key/value at line 2: repo1-path:/x");
}

TEST_CASE("ini: what nobody sees is named") {
  const auto marked = with("\xEF\xBB\xBF[global]\nprocess-max=2\n").bad();
  CHECK(first_line(marked) ==
        "[29]: an invisible byte order mark stands at line 1 before: [global]");
  CHECK(marked.find("HINT: save the file as UTF-8 without a byte order mark (BOM)") !=
        std::string::npos);
  CHECK(with(std::string("\xFF\xFE[\0g\0", 6)).bad().find("UTF-16") != std::string::npos);
  CHECK(with("\xC2\xA0[global]\nprocess-max=2\n").bad().find("no-break space") !=
        std::string::npos);
  auto name = with("[global]\n\xE2\x80\x8Bprocess-max=2\n");
  name.good();
  REQUIRE(name.warnings.size() == 1);
  CHECK(name.warnings.front().find("zero-width space U+200B") != std::string::npos);
  CHECK(with("[global]\nprocess-max=2\xC2\xA0\n").bad().find("no-break space U+00A0") !=
        std::string::npos);
}

TEST_CASE("ini: a wrong value is shown with its line, secrets are not") {
  const auto said = with("[global]\n\nstart-fast=foo\n").bad();
  CHECK(said.find("HINT: line 3 of '") != std::string::npos);
  CHECK(said.find("says: start-fast=foo") != std::string::npos);
  CHECK(with("[global]\nprocess-max=\n").bad().find("HINT: line 2 of '") != std::string::npos);
}

TEST_CASE("file: a secret that every user can read is warned about") {
  const auto warnings = [](const std::string& text, const std::string& extension, int mode) {
    std::string name = (fs::temp_directory_path() / "pgbraid-readers-XXXXXX").string();
    const fs::path root = ::mkdtemp(name.data());
    fs::permissions(root, fs::perms(0755));
    const auto path = root / ("main" + extension);
    std::ofstream(path) << text;
    fs::permissions(path, fs::perms(mode));
    std::vector<std::string> out;
    const inputs from{{"info", "--config=" + path.string()}, {}, "pgbraid"};
    const auto loaded = load(from, out);
    CHECK_MESSAGE(loaded, (loaded ? "" : loaded.failure().text()));
    fs::remove_all(root);
    return out;
  };
  const std::string ini = "[global]\nrepo1-cipher-type=aes-256-cbc\nrepo1-cipher-pass=hunter2\n";
  const std::string toml = "[global]\nrepo1-cipher-type = \"aes-256-cbc\"\n"
                           "repo1-cipher-pass = \"hunter2\"\n";
  for (const auto& [text, extension] : {std::pair(ini, ".conf"), std::pair(toml, ".toml")}) {
    const auto open = warnings(text, extension, 0644);
    REQUIRE(open.size() == 1);
    CHECK(open.front().find("holds a secret ('repo1-cipher-pass')") != std::string::npos);
    CHECK(open.front().find("hunter2") == std::string::npos);
    CHECK(open.front().find("chmod o= '") != std::string::npos);
    CHECK(warnings(text, extension, 0640).empty());
  }
  CHECK(warnings("[global]\nrepo1-path=/r\n", ".conf", 0644).empty());
}

TEST_CASE("file: values that are wrong") {
  test::hostile("lines of configuration", 5);
  CHECK(first_line(with("[global]\nprocess-max=\n").bad()) ==
        "[32]: section 'global', key 'process-max' must have a value");
  CHECK(first_line(with("[global]\nprocess-max=1\nprocess-max=1\n").bad()) ==
        "[31]: option 'process-max' cannot be set multiple times");
  CHECK(
      first_line(with("[global]\nrepo-path=/x\nrepo1-path=/y\n").bad()) ==
      "[31]: configuration file contains duplicate options ('repo1-path', 'repo-path') in section "
      "'[global]'");
  CHECK(first_line(with("[global]\nstart-fast=foo\n").bad()) ==
        "[32]: boolean option 'start-fast' must be 'y' or 'n'");
  CHECK(with("[global]\nstart-fast=Y\n").bad().starts_with("[32]"));
  CHECK(with("[global]\nexclude=a\nexclude=b\n").good().list("exclude").size() == 2);
}

TEST_CASE("file: warnings, never errors, for what is not meant for it") {
  auto odd = with("[global]\nprocess-mx=2\nno-delta=y\nreset-delta=y\nonline=n\npg1-path=/other\n"
                  "[global:backup]\nqqqqqqqq=1\narchive-mode=off\n[demo]\narchive-mode=off\n"
                  "[other]\nfoo=1\n");
  CHECK(odd.good().text("pg-path") == "/pg");
  CHECK(odd.warnings ==
        std::vector<std::string>{
            "configuration file contains invalid option 'qqqqqqqq'",
            "configuration file contains option 'archive-mode' invalid for section 'global:backup'",
            "configuration file contains invalid option 'process-mx'\n"
            "HINT: did you mean 'process-max'?",
            "configuration file contains negate option 'no-delta'",
            "configuration file contains reset option 'reset-delta'",
            "configuration file contains command-line only option 'online'",
            "configuration file contains stanza-only option 'pg1-path' in global section "
            "'global'"});
}

TEST_CASE("file: all levels of precedence") {
  const auto process_max = [](run one) { return one.good().integer("process-max"); };
  std::string file;
  auto one = with("[global]\nprocess-max=2\n");
  CHECK(process_max(one) == 2);
  one.file += "[global:backup]\nprocess-max=3\n[global:restore]\nprocess-max=33\n";
  CHECK(process_max(one) == 3);
  one.file += "[demo]\nprocess-max=4\n[demox]\nprocess-max=44\n";
  CHECK(process_max(one) == 4);
  one.file += "[demo:backup]\nprocess-max=5\n";
  CHECK(process_max(one) == 5);
  one.environment = {{"PGBACKREST_PROCESS_MAX", "6"}};
  CHECK(process_max(one) == 6);
  one.environment.emplace_back("PGBRAID_PROCESS_MAX", "7");
  CHECK(process_max(one) == 7);
  one.args.push_back("--process-max=8");
  CHECK(process_max(one) == 8);
  one.args.back() = "--reset-process-max";
  const auto reset = one.good();
  CHECK_FALSE(reset.has_value("process-max"));
}

TEST_CASE("file: where configuration is looked for") {
  const tree t;
  auto& files = const_cast<tree&>(t);
  CHECK(t.found({}) == 0);
  files.put("etc/pgbackrest.conf", 2);
  CHECK(t.found({}) == 2);
  files.put("etc/pgbackrest/pgbackrest.conf", 3);
  CHECK(t.found({}) == 3);
  CHECK(t.found({"--config=" + t.at("etc/pgbackrest.conf")}) == 2);
  files.put("etc/pgbraid.toml", 4);
  CHECK(t.found({}) == 4);
  CHECK(t.found({"--no-config"}) == 0);
  CHECK(t.found({"--config=" + t.at("etc/pgbraid.toml")}) == 4);
  CHECK(t.found({"--config-path=" + t.at("etc/pgbackrest")}) == 3);
  CHECK(t.found({"--config-path=" + t.at("nowhere")}) == 0);
  files.put("inc/a.conf", 5);
  CHECK(t.found({"--no-config", "--config-include-path=" + t.at("inc")}) == 5);
  files.put("inc/.conf", 6);
  files.put("inc/b.txt", 7);
  CHECK(t.found({"--no-config", "--config-include-path=" + t.at("inc")}) == 5);
}

TEST_CASE("file: what is asked for must be there") {
  const tree t;
  auto missing = t.load({"--config=" + t.at("x.conf")});
  REQUIRE_FALSE(missing);
  CHECK(missing.failure().code == errc::file_missing);
  CHECK(missing.failure().message ==
        "unable to open missing file '" + t.at("x.conf") + "' for read");
  missing = t.load({"--config-include-path=" + t.at("x")});
  REQUIRE_FALSE(missing);
  CHECK(missing.failure().code == errc::path_missing);
  const auto directory = t.load({"--config=" + t.root.string()});
  REQUIRE_FALSE(directory);
  CHECK(directory.failure().code == errc::file_read);
}

TEST_CASE("file: included files add to the main one") {
  const tree t;
  const_cast<tree&>(t).put("etc/pgbackrest/pgbackrest.conf", 3);
  const_cast<tree&>(t).put("etc/pgbackrest/conf.d/x.conf", 4);
  const auto both = t.load({});
  REQUIRE_FALSE(both);
  CHECK(both.failure().message == "option 'process-max' cannot be set multiple times");
}

TEST_CASE("file: too large for a configuration") {
  test::hostile("lines of configuration");
  const tree t;
  std::ofstream(t.at("x.conf")) << "[global]\n#" << std::string(5 * 1024 * 1024, 'x') << "\n";
  const auto large = t.load({"--config=" + t.at("x.conf")});
  REQUIRE_FALSE(large);
  CHECK(large.failure().code == errc::file_read);
}

TEST_CASE("ini: broken and hostile text is refused, never more") {
  const std::string sound =
      "[global]\nrepo1-path=/r\nprocess-max=3\n\n# so\n[demo]\npg1-path=/pg\n";
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    test::hostile("random damage and noise");
    auto text = sound.substr(0, random() % (sound.size() + 1));
    for (int j = 0; j < 3 && !text.empty(); ++j)
      text[random() % text.size()] = static_cast<char>(random() % 256);
    auto one = with("#\n" + text);
    if (const auto opts = one.load(); !opts)
      CHECK((opts.failure().code == errc::format || opts.failure().code == errc::option_invalid ||
             opts.failure().code == errc::option_invalid_value));
  }
}
