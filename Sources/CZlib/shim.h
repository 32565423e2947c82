#pragma once
#include <zlib.h>

/// `inflateInit2` is a macro, which Swift does not see. -15: a raw stream, as in a zip file.
static inline int opz_inflate_init_raw(z_stream *stream) { return inflateInit2(stream, -15); }

/// 15: the form of RFC 1950; 31: gzip's, RFC 1952.
static inline int opz_inflate_init(z_stream *stream, int window) { return inflateInit2(stream, window); }
