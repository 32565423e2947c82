/// Modules that Python has by itself, and packages that are often installed.
///
/// It does not say what is safe. Where bytes are followed that a loader probably never takes for opcodes, a name that no module has ends the pickle by
/// an ImportError, and is no finding.
enum PythonModules {
  static func mayExist(_ module: String) -> Bool {
    module.contains(".") || module.hasPrefix("_") || names.contains(Substring(module))
  }

  private static let names = Set(
    """
    IPython abc aifc antigravity argparse array ast asynchat asyncio asyncore atexit audioop base64 bdb binascii bisect
    builtins bz2 cPickle cProfile calendar catboost cgi cgitb chunk cloudpickle cmath cmd code codecs codeop collections
    colorsys commands compileall concurrent configparser contextlib contextvars copy copy_reg copyreg crypt csv ctypes
    curses dataclasses datetime dbm decimal difflib dill dis distutils django doctest email encodings ensurepip enum errno
    exceptions faulthandler fcntl filecmp fileinput flask flax fnmatch fractions fsspec ftplib functools gc genericpath
    getopt getpass gettext glob graphlib grp gzip hashlib heapq hmac html http httplib idlelib imaplib imghdr imp importlib
    inspect io ipaddress itertools jax jinja2 joblib json keras keyword lib2to3 lightgbm linecache locale logging lzma
    mailbox mailcap marshal math mimetypes mlflow mmap modulefinder msilib msvcrt multiprocessing netrc nis nntplib nt
    ntpath nturl2path numbers numpy opcode operator optparse os ossaudiodev pandas pathlib pdb pickle pickletools pip pipes
    pkg_resources pkgutil platform plistlib poplib posix posixpath pprint profile pstats pty pwd py_compile pyclbr pydoc
    pydoc_data pyexpat queue quopri random re readline reprlib requests resource rlcompleter runpy sched scipy secrets
    select selectors setuptools shelve shlex shutil signal site sklearn smtpd smtplib sndhdr socket socketserver spwd
    sqlite3 sre_compile sre_constants sre_parse ssl stat statistics string stringprep struct subprocess sunau symtable sys
    sysconfig syslog tabnanny tarfile telnetlib tempfile tensorflow termios textwrap this threading time timeit tkinter
    token tokenize tomllib torch torchvision trace traceback tracemalloc transformers tty turtle turtledemo types typing
    unicodedata unittest urllib urllib2 uu uuid venv warnings wave weakref webbrowser winreg winsound wsgiref xdrlib xgboost
    xml xmlrpc yaml zipapp zipfile zipimport zlib zoneinfo
    """.split { $0 == " " || $0 == "\n" })
}
