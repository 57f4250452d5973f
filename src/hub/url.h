// URLs of a hub: put together, followed through redirects, compared.
#pragma once

#include <string>

namespace clipsim {

// `text` as one part of a URL's path: all but letters, digits and "-._~" is encoded; of a path, not its
// slashes.
std::string percent_encoded(const std::string& text);
std::string percent_encoded_path(const std::string& path);

// Where `location`, absolute or relative, leads from `url`. Throws Error where that is not an http(s) URL or
// leads from https to http.
std::string redirected(const std::string& url, const std::string& location);

// Whether two URLs have the same scheme, host and port: whether what one may know, the other may too.
bool same_origin(const std::string& a, const std::string& b);

// For messages: scheme, host and path, without what may be secret (user, query).
std::string presentable(const std::string& url);

// Throws UsageError, naming `what`, unless `url` is an http or https URL without user, query and fragment.
// Returns it without slashes at its end.
std::string checked_endpoint(const std::string& url, const std::string& what);

}  // namespace clipsim
