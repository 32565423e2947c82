// libcurl's option calls are variadic, which Swift cannot call. One wrapper for each type of argument.
#ifndef OPZ_CCURL_H
#define OPZ_CCURL_H
#include <curl/curl.h>

typedef size_t (*opz_curl_data)(char *data, size_t size, size_t count, void *context);
typedef int (*opz_curl_seek)(void *context, curl_off_t offset, int origin);

static inline CURLcode opz_curl_set_long(CURL *handle, CURLoption option, long value) {
  return curl_easy_setopt(handle, option, value);
}

static inline CURLcode opz_curl_set_size(CURL *handle, CURLoption option, curl_off_t value) {
  return curl_easy_setopt(handle, option, value);
}

// libcurl keeps a copy of the text.
static inline CURLcode opz_curl_set_text(CURL *handle, CURLoption option, const char *value) {
  return curl_easy_setopt(handle, option, value);
}

static inline CURLcode opz_curl_set_pointer(CURL *handle, CURLoption option, void *value) {
  return curl_easy_setopt(handle, option, value);
}

static inline CURLcode opz_curl_set_headers(CURL *handle, struct curl_slist *list) {
  return curl_easy_setopt(handle, CURLOPT_HTTPHEADER, list);
}

// For CURLOPT_WRITEFUNCTION, CURLOPT_READFUNCTION and CURLOPT_HEADERFUNCTION, which have the same type.
static inline CURLcode opz_curl_set_data(CURL *handle, CURLoption option, opz_curl_data function) {
  return curl_easy_setopt(handle, option, function);
}

static inline CURLcode opz_curl_set_seek(CURL *handle, opz_curl_seek function) {
  return curl_easy_setopt(handle, CURLOPT_SEEKFUNCTION, function);
}

static inline CURLcode opz_curl_set_socket_options(CURL *handle, curl_sockopt_callback function) {
  return curl_easy_setopt(handle, CURLOPT_SOCKOPTFUNCTION, function);
}

// The result of a finished transfer, which the message keeps in a union.
static inline CURLcode opz_curl_result(const CURLMsg *message) { return message->data.result; }

#endif
