#pragma once
#include <zlib.h>

/// `inflateInit2` is a macro, which Swift does not see. -15: a raw stream, as in a zip file.
static inline int opz_inflate_init_raw(z_stream *stream) { return inflateInit2(stream, -15); }
