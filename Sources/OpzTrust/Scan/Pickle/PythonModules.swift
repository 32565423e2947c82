/// Python's own modules, and packages that are often installed.
enum PythonModules {
  /// Whether a module is in the standard library of any Python since 2.7, by its top-level name. Such a module can run
  /// anything, so users cannot allow it.
  static func isStandard(_ module: some StringProtocol) -> Bool { standard.contains(top(module)) }

  /// Whether a module is Python's own, or of a package that is often installed.
  static func isKnown(_ module: some StringProtocol) -> Bool {
    standard.contains(top(module)) || packages.contains(top(module))
  }

  /// Whether a module may exist. Used for bytes that a loader probably never reads as opcodes: there, importing an
  /// impossible module ends the pickle with an ImportError and is not a finding.
  static func mayExist(_ module: some StringProtocol) -> Bool {
    module.contains(".") || module.hasPrefix("_") || isKnown(module)
  }

  private static func top(_ module: some StringProtocol) -> Substring { Substring(module.prefix { $0 != "." }) }

  private static func names(_ text: String) -> Set<Substring> { Set(text.split { $0 == " " || $0 == "\n" }) }

  /// `sys.stdlib_module_names` of Python 3.8 to 3.14, and the modules of Python 2.7.
  private static let standard = names(
    """
    BaseHTTPServer Bastille Bastion CGIHTTPServer ConfigParser Cookie Dialog DocXMLRPCServer FileDialog HTMLParser
    MimeWriter Queue ScrolledText SimpleHTTPServer SimpleXMLRPCServer SocketServer StringIO Tix Tkconstants Tkdnd
    Tkinter UserDict UserList UserString _LWPCookieJar _MozillaCookieJar __builtin__ __future__ __main__ _abc
    _abcoll _aix_support _android_support _apple_support _ast _ast_unparse _asyncio _bisect _blake2 _bootlocale
    _bootsubprocess _bz2 _codecs _codecs_cn _codecs_hk _codecs_iso2022 _codecs_jp _codecs_kr _codecs_tw _collections
    _collections_abc _colorize _compat_pickle _compression _contextvars _crypt _csv _ctypes _curses _curses_panel
    _datetime _dbm _decimal _dummy_thread _dummy_threading _elementtree _frozen_importlib _frozen_importlib_external
    _functools _gdbm _hashlib _heapq _hmac _imp _interpchannels _interpqueues _interpreters _io _ios_support _json
    _locale _lsprof _lzma _markupbase _md5 _msi _multibytecodec _multiprocessing _nis _opcode _opcode_metadata
    _operator _osx_support _overlapped _pickle _posixshmem _posixsubprocess _py_abc _py_warnings _pydecimal _pyio
    _pylong _pyrepl _queue _random _remote_debugging _scproxy _sha1 _sha2 _sha256 _sha3 _sha512 _signal
    _sitebuiltins _socket _spwd _sqlite3 _sre _ssl _stat _statistics _string _strptime _struct _suggestions
    _symtable _sysconfig _thread _threading_local _tkinter _tokenize _tracemalloc _types _typing _uuid _warnings
    _weakref _weakrefset _winapi _winreg _zoneinfo _zstd abc aifc annotationlib antigravity anydbm argparse array
    ast asynchat asyncio asyncore atexit audioop base64 bdb binascii binhex bisect bsddb builtins bz2 cPickle
    cProfile cStringIO calendar cgi cgitb chunk cmath cmd code codecs codeop collections colorsys commands
    compileall compiler compression concurrent configparser contextlib contextvars cookielib copy copy_reg copyreg
    crypt csv ctypes curses dataclasses datetime dbhash dbm decimal difflib dircache dis distutils doctest dumbdbm
    dummy_threading email encodings ensurepip enum errno exceptions faulthandler fcntl filecmp fileinput fnmatch
    formatter fpectl fpformat fractions ftplib functools future_builtins gc gdbm genericpath getopt getpass gettext
    glob graphlib grp gzip hashlib heapq hmac hotshot html htmlentitydefs htmllib http httplib idlelib ihooks
    imaplib imghdr imp importlib imputil inspect io ipaddress itertools json keyword lib2to3 linecache linuxaudiodev
    locale logging lzma macpath macurl2path mailbox mailcap markupbase marshal math md5 mhlib mimetools mimetypes
    mimewriter mmap modulefinder msilib msvcrt multifile multiprocessing mutex netrc new nis nntplib nt ntpath
    nturl2path numbers opcode operator optparse os ossaudiodev parser pathlib pdb pickle pickletools pipes pkgutil
    platform plistlib popen2 poplib posix posixfile posixpath pprint profile pstats pty pwd py_compile pyclbr pydoc
    pydoc_data pyexpat queue quopri random re readline repr reprlib resource rexec rfc822 rlcompleter robotparser
    runpy sched secrets select selectors sets sgmllib sha shelve shlex shutil signal site smtpd smtplib sndhdr
    socket socketserver spwd sqlite3 sre_compile sre_constants sre_parse ssl stat statistics statvfs string
    stringold stringprep struct subprocess sunau sunaudio symbol symtable sys sysconfig syslog tabnanny tarfile
    telnetlib tempfile termios test test_support textwrap this thread threading time timeit tkColorChooser
    tkCommonDialog tkFileDialog tkFont tkMessageBox tkSimpleDialog tkinter toaiff token tokenize tomllib trace
    traceback tracemalloc ttk tty turtle turtledemo types typing unicodedata unittest urllib urllib2 urlparse user
    uu uuid venv warnings wave weakref webbrowser whichdb winreg winsound wsgiref xdrlib xml xmllib xmlrpc xmlrpclib
    zipapp zipfile zipimport zlib zoneinfo
    """)

  private static let packages = names(
    """
    IPython PIL accelerate aiohttp altair_viewer anthropic autosklearn aws azure bokeh boto3 botocore catboost
    category_encoders celery cffi click cloudpickle cupy cv2 dask datasets delegator dgl diffusers dill django
    docker eli5 evaluate fabric fastai fastapi feature_engine flask flax fsspec gensim google gradio gym h5py
    huggingface_hub hyperopt imageio imblearn invoke jax jinja2 joblib kafka keras keras_core langchain lightgbm
    lightning lime matplotlib mlflow mlrun mlxtend netCDF4 networkx nltk numba numexpr numpy onnx onnxruntime openai
    optimum optuna paddle pandas pandas_datareader paramiko peft pexpect pip pkg_resources plotly plumbum pmdarima
    polars prophet psutil psycopg2 pyarrow pydantic pymongo pymysql pysftp pyspark pytest pytorch_lightning ray
    redis requests rq safetensors sarge scipy seaborn setuptools sh shap sklearn skops skopt spacy sqlalchemy
    starlette statsmodels streamlit sympy tables tensorflow tensorrt tf_keras timm torch torch_geometric torchaudio
    torchvision tornado tpot transformers triton tsfresh ultralytics uvicorn wandb werkzeug wheel xarray xgboost
    yaml zarr zmq
    """)
}
