// One request to an address that is the same in each virtual machine.
// SPDX-License-Identifier: MIT
#include "storage/driver/azure/azure_token.hpp"

#include "storage/driver/rest/lender_answer.hpp"
#include "storage/driver/rest/token_answer.hpp"
#include "storage/driver/rest/web_text.hpp"

namespace pgbraid::azure {

using namespace rest;

result<lent_token> borrow_token(const settings& of) {
  constexpr std::string_view shown = "the instance metadata";
  auto how = of.at.connecting;
  how.connect_to.clear();
  // Who lends to this host alone is asked by this host alone.
  how.proxies = false;
  const auto query = query_text({{"api-version", "2018-02-01"},
                                 {"resource", "https://" + of.account + ".blob.core.windows.net"}});
  const auto text =
      lender_answer(shown,
                    {.method = "GET",
                     .url = of.metadata_url + "/metadata/identity/oauth2/token?" + query,
                     .headers = {{"metadata", "true"}}},
                    how, of.at.limit);
  if (!text)
    return text.failure();
  return token_answer(*text, shown);
}

} // namespace pgbraid::azure
