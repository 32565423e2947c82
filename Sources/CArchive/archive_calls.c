#include "archive_calls.h"
#include <lazy.h>

static struct opz_library library = {"libarchive.so.13", 0};

const char *opz_archive_load(void) { return opz_library_load(&library); }

OPZ_LAZY(library, const char *, archive_version_string, (void), ())
OPZ_LAZY(library, const char *, archive_error_string, (struct archive *archive), (archive))
OPZ_LAZY(library, la_int64_t, archive_filter_bytes, (struct archive *archive, int filter), (archive, filter))
OPZ_LAZY(library, int, archive_filter_code, (struct archive *archive, int filter), (archive, filter))
OPZ_LAZY(library, int, archive_filter_count, (struct archive *archive), (archive))
OPZ_LAZY(library, int, archive_read_append_filter, (struct archive *archive, int code), (archive, code))
OPZ_LAZY(library, la_ssize_t, archive_read_data, (struct archive *archive, void *buffer, size_t count), (archive, buffer, count))
OPZ_LAZY(library, int, archive_read_free, (struct archive *archive), (archive))
OPZ_LAZY(library, struct archive *, archive_read_new, (void), ())
OPZ_LAZY(library, int, archive_read_next_header, (struct archive *archive, struct archive_entry **entry), (archive, entry))
OPZ_LAZY(library, int, archive_read_open2,
         (struct archive *archive, void *client, archive_open_callback *open, archive_read_callback *read, archive_skip_callback *skip,
          archive_close_callback *close),
         (archive, client, open, read, skip, close))
OPZ_LAZY(library, int, archive_read_support_filter_bzip2, (struct archive *archive), (archive))
OPZ_LAZY(library, int, archive_read_support_filter_compress, (struct archive *archive), (archive))
OPZ_LAZY(library, int, archive_read_support_filter_gzip, (struct archive *archive), (archive))
OPZ_LAZY(library, int, archive_read_support_filter_lz4, (struct archive *archive), (archive))
OPZ_LAZY(library, int, archive_read_support_filter_lzip, (struct archive *archive), (archive))
OPZ_LAZY(library, int, archive_read_support_filter_lzma, (struct archive *archive), (archive))
OPZ_LAZY(library, int, archive_read_support_filter_xz, (struct archive *archive), (archive))
OPZ_LAZY(library, int, archive_read_support_filter_zstd, (struct archive *archive), (archive))
OPZ_LAZY(library, int, archive_read_support_format_empty, (struct archive *archive), (archive))
OPZ_LAZY(library, int, archive_read_support_format_raw, (struct archive *archive), (archive))
