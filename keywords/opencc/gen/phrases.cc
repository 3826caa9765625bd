//go:build generate

#include <cstring>
#include <string>

#include <opencc/DictEntry.hpp>
#include <opencc/Lexicon.hpp>
#include <opencc/MarisaDict.hpp>

#include "phrases.h"

extern "C" char *dump_dictionary(const char *path) {
  try {
    auto dictionary = opencc::SerializableDict::NewFromFile<opencc::MarisaDict>(path);
    auto lexicon = dictionary->GetLexicon();
    std::string out;
    for (const auto &entry : *lexicon)
      out += entry->Key() + "\t" + entry->GetDefault() + "\n";
    return strdup(out.c_str());
  } catch (...) {
    return nullptr;
  }
}
