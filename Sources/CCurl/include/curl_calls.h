// libcurl, loaded when it is first needed. Its option functions are variadic, which Swift cannot call, so there is one
// wrapper for each argument type.
#ifndef OPZ_CURL_CALLS_H
#define OPZ_CURL_CALLS_H
#include <curl/curl.h>

typedef size_t (*opz_curl_data)(char *data, size_t size, size_t count, void *context);
typedef int (*opz_curl_seek)(void *context, curl_off_t offset, int origin);

// Null, or why libcurl could not be loaded.
const char *opz_curl_load(void);

CURLcode opz_curl_set_long(CURL *handle, CURLoption option, long value);
CURLcode opz_curl_set_size(CURL *handle, CURLoption option, curl_off_t value);
// libcurl keeps a copy of the text.
CURLcode opz_curl_set_text(CURL *handle, CURLoption option, const char *value);
CURLcode opz_curl_set_pointer(CURL *handle, CURLoption option, void *value);
CURLcode opz_curl_set_headers(CURL *handle, struct curl_slist *list);
// For CURLOPT_WRITEFUNCTION, CURLOPT_READFUNCTION and CURLOPT_HEADERFUNCTION, which have the same type.
CURLcode opz_curl_set_data(CURL *handle, CURLoption option, opz_curl_data function);
CURLcode opz_curl_set_seek(CURL *handle, opz_curl_seek function);
CURLcode opz_curl_set_socket_options(CURL *handle, curl_sockopt_callback function);
CURLMcode opz_curl_multi_set_long(CURLM *multi, CURLMoption option, long value);
// A number that libcurl knows of a transfer: CURLINFO_RESPONSE_CODE and the like.
CURLcode opz_curl_get_long(CURL *handle, CURLINFO info, long *value);
// Bytes: CURLINFO_SIZE_UPLOAD_T and the like.
CURLcode opz_curl_get_size(CURL *handle, CURLINFO info, curl_off_t *value);
// Seconds: CURLINFO_TOTAL_TIME and the like.
CURLcode opz_curl_get_seconds(CURL *handle, CURLINFO info, double *value);
// The certificates that the peer showed, where CURLOPT_CERTINFO was set; libcurl keeps them until the handle is gone.
CURLcode opz_curl_get_certificates(CURL *handle, struct curl_certinfo **chain);

// The result of a finished transfer, which the message keeps in a union.
static inline CURLcode opz_curl_result(const CURLMsg *message) { return message->data.result; }

#endif
