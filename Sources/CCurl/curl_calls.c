#include "curl_calls.h"
#include <lazy.h>

static struct opz_library curl = {"libcurl.so.4", 0};

const char *opz_curl_load(void) { return opz_library_load(&curl); }

OPZ_LAZY(curl, CURLcode, curl_global_init, (long flags), (flags))
OPZ_LAZY(curl, char *, curl_version, (void), ())
OPZ_LAZY(curl, CURL *, curl_easy_init, (void), ())
OPZ_LAZY(curl, CURLcode, curl_easy_perform, (CURL * handle), (handle))
OPZ_LAZY(curl, CURLcode, curl_easy_pause, (CURL * handle, int mask), (handle, mask))
OPZ_LAZY(curl, const char *, curl_easy_strerror, (CURLcode code), (code))
OPZ_LAZY(curl, CURLM *, curl_multi_init, (void), ())
OPZ_LAZY(curl, CURLMcode, curl_multi_add_handle, (CURLM * multi, CURL *handle), (multi, handle))
OPZ_LAZY(curl, CURLMcode, curl_multi_remove_handle, (CURLM * multi, CURL *handle), (multi, handle))
OPZ_LAZY(curl, CURLMcode, curl_multi_cleanup, (CURLM * multi), (multi))
OPZ_LAZY(curl, CURLMsg *, curl_multi_info_read, (CURLM * multi, int *left), (multi, left))
OPZ_LAZY(curl, CURLMcode, curl_multi_perform, (CURLM * multi, int *running), (multi, running))
OPZ_LAZY(curl, CURLMcode, curl_multi_poll, (CURLM * multi, struct curl_waitfd *extra, unsigned int count, int milliseconds, int *ready),
         (multi, extra, count, milliseconds, ready))
OPZ_LAZY(curl, CURLMcode, curl_multi_wakeup, (CURLM * multi), (multi))
OPZ_LAZY(curl, struct curl_slist *, curl_slist_append, (struct curl_slist * list, const char *text), (list, text))

// These two return nothing.
void curl_easy_cleanup(CURL *handle) { ((void (*)(CURL *))opz_library_function(&curl, "curl_easy_cleanup"))(handle); }

void curl_slist_free_all(struct curl_slist *list) {
  ((void (*)(struct curl_slist *))opz_library_function(&curl, "curl_slist_free_all"))(list);
}

// libcurl's header defines these as macros that check types and call the function.
#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt
typedef CURLcode (*set_option)(CURL *, CURLoption, ...);
typedef CURLcode (*get_info)(CURL *, CURLINFO, ...);
typedef CURLMcode (*set_multi_option)(CURLM *, CURLMoption, ...);

static set_option set(void) {
  static set_option _Atomic cached;
  if (!cached) cached = (set_option)opz_library_function(&curl, "curl_easy_setopt");
  return cached;
}

static get_info get(void) { return (get_info)opz_library_function(&curl, "curl_easy_getinfo"); }

CURLcode opz_curl_set_long(CURL *handle, CURLoption option, long value) { return set()(handle, option, value); }

CURLcode opz_curl_set_size(CURL *handle, CURLoption option, curl_off_t value) { return set()(handle, option, value); }

CURLcode opz_curl_set_text(CURL *handle, CURLoption option, const char *value) { return set()(handle, option, value); }

CURLcode opz_curl_set_pointer(CURL *handle, CURLoption option, void *value) { return set()(handle, option, value); }

CURLcode opz_curl_set_headers(CURL *handle, struct curl_slist *list) { return set()(handle, CURLOPT_HTTPHEADER, list); }

CURLcode opz_curl_set_data(CURL *handle, CURLoption option, opz_curl_data function) { return set()(handle, option, function); }

CURLcode opz_curl_set_seek(CURL *handle, opz_curl_seek function) { return set()(handle, CURLOPT_SEEKFUNCTION, function); }

CURLcode opz_curl_set_socket_options(CURL *handle, curl_sockopt_callback function) {
  return set()(handle, CURLOPT_SOCKOPTFUNCTION, function);
}

CURLMcode opz_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
  return ((set_multi_option)opz_library_function(&curl, "curl_multi_setopt"))(multi, option, value);
}

CURLcode opz_curl_get_long(CURL *handle, CURLINFO info, long *value) { return get()(handle, info, value); }

CURLcode opz_curl_get_size(CURL *handle, CURLINFO info, curl_off_t *value) { return get()(handle, info, value); }

CURLcode opz_curl_get_seconds(CURL *handle, CURLINFO info, double *value) { return get()(handle, info, value); }

CURLcode opz_curl_get_certificates(CURL *handle, struct curl_certinfo **chain) { return get()(handle, CURLINFO_CERTINFO, chain); }
