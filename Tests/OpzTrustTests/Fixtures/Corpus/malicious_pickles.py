"""Pickles that run something when they are loaded: what they call, by which opcodes, and how they hide the names."""

import struct

from opcodes import EVIL, INNER, NOTHING, TEXT, binunicode, call, name, stack_name, unicode

# What runs code, files, programs or the network. Several are in no list of forbidden names.
CALLS = """
os.system os.popen os.execv os.spawnl os.remove os.startfile posix.system nt.system builtins.eval builtins.exec builtins.compile
builtins.open builtins.getattr builtins.__import__ builtins.breakpoint builtins.input __builtin__.eval __builtin__.execfile
__builtin__.file subprocess.Popen subprocess.call subprocess.check_output subprocess.getoutput commands.getoutput pty.spawn
importlib.import_module importlib.machinery.SourceFileLoader imp.load_source runpy.run_path runpy._run_code code.interact
code.InteractiveInterpreter codeop.compile_command timeit.timeit cProfile.run profile.run pdb.run bdb.Bdb trace.Trace
doctest.debug_script pydoc.pipepager pydoc.tempfilepager webbrowser.open shutil.rmtree shutil.move socket.create_connection
socket.socket urllib.request.urlopen urllib.request.urlretrieve urllib2.urlopen http.client.HTTPSConnection ftplib.FTP
smtplib.SMTP ssl.get_server_certificate asyncio.create_subprocess_shell asyncio.run multiprocessing.Process
multiprocessing.util.spawnv_passfds concurrent.futures.ThreadPoolExecutor threading.Thread _thread.start_new_thread ctypes.CDLL
ctypes.cdll cffi.FFI marshal.loads pickle.loads _pickle.loads cPickle.loads pickle.Unpickler cloudpickle.loads dill.loads
dill._dill._create_function dill._dill._create_code joblib.load shelve.open types.FunctionType types.CodeType types.MethodType
functools.partial functools.reduce operator.attrgetter operator.methodcaller operator.call itertools.starmap copyreg.__newobj__
inspect.getattr_static pkgutil.resolve_name pkgutil.get_data zipimport.zipimporter zipapp.create_archive tarfile.open
zipfile.ZipFile tempfile.NamedTemporaryFile tempfile.mkstemp pathlib.os.system io.open io.FileIO codecs.open fileinput.input
linecache.getlines logging.config._resolve logging.FileHandler gc.get_objects sys.exit sys.settrace atexit.register signal.alarm
resource.setrlimit platform.popen site.addsitedir sysconfig._init_posix ensurepip._run_pip venv.create distutils.file_util.write_file
distutils.spawn.spawn idlelib.pyshell.ModifiedInterpreter idlelib.run.Executive lib2to3.pgen2.grammar.Grammar test.support.script_helper.assert_python_ok
sqlite3.connect dbm.open mailcap.findmatch antigravity.fly this.d nturl2path.os xmlrpc.client.ServerProxy
telnetlib.Telnet uuid._popen _posixsubprocess.fork_exec _osx_support._read_output pip.main pip._internal.cli.main.main setuptools.sandbox.execfile
pkg_resources.run_script numpy.load numpy.fromfile numpy.memmap numpy.testing._private.utils.runstring numpy.f2py.crackfortran.param_eval
numpy.distutils.exec_command.exec_command numpy.lib.npyio.load scipy.io.loadmat pandas.read_pickle pandas.eval pandas.core.computation.eval.eval
pandas.io.pickle.read_pickle torch.load torch.hub.load torch.jit.load torch.serialization.load torch.storage._load_from_bytes
torch.utils.collect_env.run torch._dynamo.guards.GuardBuilder.get torch.fx.experimental.symbolic_shapes.ShapeEnv.evaluate_guards_expression
torch.utils.bottleneck.__main__.run_cprofile torch.distributed.rpc.rpc_sync keras.models.load_model tensorflow.io.read_file
tensorflow.io.write_file sklearn.utils._testing.assert_run_python_script sklearn.datasets.fetch_openml sklearn.externals.joblib.load
sklearn.utils.validation.check_array xgboost.core.ctypes lightgbm.basic.NamedTemporaryFile mlflow.pyfunc.load_model transformers.pipeline
requests.get aiohttp.ClientSession yaml.load yaml.unsafe_load jinja2.Template flask.Flask django.core.management.call_command IPython.get_ipython
paramiko.SSHClient fsspec.open s3fs.S3FileSystem PIL.Image.open numba.jit cv2.imread __main__.Model app.loaders.Loader
""".split()


def split(path):
    module, _, attribute = path.rpartition(".")
    return module, attribute


def calls(corpus):
    for index, path in enumerate(CALLS):
        module, attribute = split(path)
        protocol = (4, 0, 2, 5, 3, 1)[index % 6]
        file = ("model.pkl", "weights.bin", "pipeline.sav", "model.pickle", "data", "encoder.dat")[index % 6]
        corpus.malicious(file, f"calls {path}, protocol {protocol}", call(module, attribute, protocol=protocol))


def opcodes(corpus):
    add = lambda technique, data, file="model.pkl": corpus.malicious(file, technique, data)
    add("INST", f"(V{NOTHING}\nios\nsystem\n.".encode())
    add("INST", f"(V{NOTHING}\nios\nsystem\n.".encode(), "model.bin")
    add("OBJ", b"(" + name("os", "system") + binunicode(NOTHING) + b"o.")
    add("OBJ", b"\x80\x04(" + stack_name("os", "system") + binunicode(NOTHING) + b"o.", "a.bin")
    add("NEWOBJ", b"\x80\x02" + name("subprocess", "Popen") + binunicode(NOTHING) + b"\x85\x81.")
    add("NEWOBJ_EX", b"\x80\x04" + stack_name("subprocess", "Popen") + unicode(NOTHING) + b"\x85}\x92.")
    add("INST in a line without an end", f"(V{NOTHING}\nios\nsystem.".encode(), "model.bin")
    add("INST in a line without an end", f"(V{NOTHING}\nios\nsystem?".encode())
    add("a hidden name in a pickle that breaks", b"\x80\x04N.\x80\x04V\\u006fs\nVsystem\n\x93\x8e", "history.bin")
    add("import alone", b"\x80\x02" + name("antigravity", "fly") + b".")
    add("import alone, popped", b"\x80\x04" + stack_name("antigravity", "fly") + b"0N.")
    add("import alone, protocol 0", b"cantigravity\nfly\n.", "a.txt")
    for opcode, code in ((b"\x82", 1), (b"\x83", 2), (b"\x84", 4)):
        add(f"EXT{code}", b"\x80\x02" + opcode + (7).to_bytes(code, "little") + b")R.")
    add("BUILD of a module", b"\x80\x02" + name("os", "environ") + b"}X\x01\x00\x00\x00aK\x01sb.")
    add("BUILD of an allowed class", b"\x80\x02" + name("collections", "OrderedDict") + b"}" + binunicode("__init__") + name("os", "system") + b"sb.")
    add("SETITEM of a module's dictionary", b"\x80\x02" + name("os", "environ") + binunicode("PATH") + binunicode("/opz") + b"s.")
    add("APPEND to a module's list", b"\x80\x02" + name("sys", "path") + binunicode("/opz") + b"a.")
    add("calls what a call gave", b"\x80\x04" + stack_name("collections", "OrderedDict") + b")R)R.")
    add("calls what the memo has", b"\x80\x04" + stack_name("os", "system") + b"q\x07\x8c\x01a0h\x07" + unicode(NOTHING) + b"\x85R.")
    add("in a dictionary", b"\x80\x02}(" + binunicode("model") + INNER[:-1] + b"u.")
    add("in a list in a list", b"\x80\x02](]" + INNER[:-1] + b"ae.", "layers.dat")
    add("in a set", b"\x80\x04\x8f(" + INNER[:-1] + b"\x90.")
    add("in a state", b"\x80\x02" + name("collections", "OrderedDict") + b")\x81" + INNER[:-1] + b"b.")
    add("as a persistent id", b"\x80\x02" + INNER[:-1] + b"Q.")
    add("in a tuple of an allowed call", b"\x80\x02" + name("collections", "deque") + INNER[:-1] + b"\x85R.")
    add("behind POP_MARK", b"\x80\x02(" + INNER[:-1] + b"1N.")
    add("behind a long text", b"\x80\x02" + b"X" + struct.pack("<I", 70_000) + b"a" * 70_000 + b"0" + INNER + b"N.")
    add("behind bytes of 8", b"\x80\x04\x8e" + struct.pack("<Q", 70_000) + b"\0" * 70_000 + b"0" + INNER + b"N.")
    add("behind a bytearray", b"\x80\x05\x96" + struct.pack("<Q", 10) + b"." * 10 + b"0" + INNER + b"N.")
    add("in a frame", b"\x80\x04\x95" + struct.pack("<Q", len(EVIL) - 2) + EVIL[2:])
    add("in a frame that is too long", b"\x80\x04\x95" + struct.pack("<Q", 1 << 40) + EVIL[2:])
    add("PROTO twice", b"\x80\x02\x80\x04\x80\x00" + EVIL[2:])
    add("PROTO 1", b"\x80\x01" + INNER + b"N.", "a.bin")
    add("no STOP", EVIL[:-1])
    add("no STOP", TEXT[:-1], "a.bin")
    add("broken behind the call", EVIL[:-1] + b"\xff\xff")
    add("broken behind the call", TEXT[:-1] + b"\xff\xff", "notes.txt")
    add("broken before the call", name("os", "system") + f"(V{NOTHING}\nt\xff".encode("latin-1"), "notes.txt")
    add("broken before the call", name("subprocess", "Popen") + b"(lV\n\x00", "a.bin")
    add("a name with dots", b"\x80\x04" + stack_name("collections", "abc.sys.modules") + b".")
    add("a name with dots behind an allowed class", b"\x80\x04" + stack_name("collections", "OrderedDict.fromkeys") + b".")
    add("a name with dots, protocol 4", b"\x80\x04" + stack_name("os", "path.os.system") + unicode(NOTHING) + b"\x85R.")


def hidden_names(corpus):
    add = lambda technique, data, file="model.pkl": corpus.malicious(file, technique, data)
    tail = b"\x93" + unicode(NOTHING) + b"\x85R."
    add("names from the memo, turned round", b"\x80\x04" + unicode("system") + b"\x94" + unicode("os") + b"\x9400h\x01h\x00" + tail)
    add("names by BINPUT and LONG_BINPUT", b"\x80\x04" + unicode("os") + b"q\x050" + unicode("system") + b"r\x06\x00\x00\x000h\x05j\x06\x00\x00\x00" + tail)
    add("a name put over another", b"\x80\x04" + unicode("abc") + b"q\x000" + unicode("os") + b"q\x000h\x00" + unicode("system") + tail)
    add("MEMOIZE after PUT", b"\x80\x04" + unicode("a") + b"q\x000" + unicode("os") + b"\x940h\x01" + unicode("system") + tail)
    add("MEMOIZE after a gap", b"\x80\x04" + unicode("a") + b"q\x630" + unicode("os") + b"\x940h\x01" + unicode("system") + tail)
    add("DUP", b"\x80\x04" + unicode("os") + b"2" + b"0" + unicode("system") + tail)
    add("names of Python 2's texts", b"\x80\x04U\x02osU\x06system" + tail)
    add("names of STRING", b"\x80\x04S'os'\nS\"system\"\n" + tail)
    add("names of STRING with escapes", b"\x80\x04S'\\x6f\\163'\nS'system'\n" + tail)
    add("names of STRING with spaces behind", b"\x80\x04S'os' \nS'system'\t\n" + tail)
    add("names of UNICODE with escapes", b"\x80\x04V\\u006fs\nVsystem\n" + tail)
    add("names of UNICODE", b"\x80\x04Vos\nVsystem\n" + tail)
    add("a name of 8 bytes' length", b"\x80\x04\x8d" + struct.pack("<Q", 2) + b"os" + unicode("system") + tail)
    add("a name from bytes", b"\x80\x04" + stack_name("_codecs", "encode") + unicode("bf") + unicode("rot13") + b"\x86R" + unicode("system") + tail)
    add("a name from str()", b"\x80\x04" + stack_name("builtins", "str") + unicode("os") + b"\x85R" + unicode("system") + tail)
    add("a name out of a dictionary", b"\x80\x04}" + unicode("a") + unicode("os") + b"s0N" + unicode("system") + tail)
    add("a persistent id for a name", b"\x80\x04Pos\n" + unicode("system") + tail)
    add("a long name", b"\x80\x04" + b"X" + struct.pack("<I", 1500) + b"a" * 1500 + unicode("system") + tail)
    importer = stack_name("numpy.core", "_ufunc_reconstruct")
    add("NumPy's importer", b"\x80\x04" + importer + unicode("os") + unicode("system") + b"\x86R.")
    add("NumPy's importer, and what it gave is called", b"\x80\x04" + importer + unicode("os") + unicode("system") + b"\x86R" + unicode(NOTHING) + b"\x85R.")
    add("NumPy's importer of a dictionary that is filled", b"\x80\x04" + stack_name("numpy._core", "_ufunc_reconstruct") + unicode("os") + unicode("environ") + b"\x86R" + unicode("PATH") + unicode("/opz") + b"s.")
    add("NumPy's importer by NEWOBJ", b"\x80\x04" + importer + unicode("os") + unicode("system") + b"\x86\x81.")
    add("NumPy's importer with a made name", b"\x80\x04" + importer + stack_name("builtins", "str") + unicode("os") + b"\x85R" + unicode("system") + b"\x86R.")
    getattr = stack_name("builtins", "getattr")
    add("getattr of a time zone's class", b"\x80\x04" + getattr + stack_name("zoneinfo", "ZoneInfo") + unicode("__init__") + b"\x86R.")
    add("getattr of a class in a tuple", b"\x80\x04" + getattr + b"\x85" + stack_name("builtins", "tuple") + b"h\x00\x86R.")
    add("getattr from the memo", b"\x80\x04" + getattr + b"\x940h\x00" + stack_name("collections", "OrderedDict") + unicode("update") + b"\x86R.")
    add("getattr as an attribute", b"\x80\x04" + stack_name("types", "SimpleNamespace") + b")R}" + unicode("get") + getattr + b"sb.")
    add("getattr in a list", b"\x80\x04]" + getattr + b"a.", "model.dat")
    add("getattr of a time zone's class by OBJ", b"\x80\x04(" + getattr + stack_name("zoneinfo", "ZoneInfo") + unicode("_unpickle") + b"o.")
    add("a booster out of a file", b"\x80\x04" + stack_name("xgboost.core", "Booster") + b"N]" + unicode("/etc/passwd") + b"\x87R.")
    # Places in the memo, as int() and strtol read them.
    for written, read in [
        ("+7", "7"), ("7", "+7"), ("007", "7"), (" 7", "7"), ("7 ", " 7"), ("\t7\x0b", "7"), ("1_0", "10"), ("0_1", "1"), ("+1_0", "0010"),
        ("7\r", "7"), ("7\x0c", "+07"), ("99999999999999999999", "99999999999999999999"), ("7\x00x", "7"), ("18446744073709551616", "+18446744073709551616"),
    ]:
        put, get = written.encode("latin-1"), read.encode("latin-1")
        add(f"a place in the memo as {written!r}", b"cos\nsystem\np" + put + b"\n0g" + get + f"\n(V{NOTHING}\ntR.".encode(), "encoder.bin")
        add(f"a place in the memo as {written!r}", b"cos\nsystem\np" + put + b"\n0g" + get + f"\n(V{NOTHING}\ntR.".encode())
    for opcode in [b"I+1\n", b"I 1\n", b"I1_0\n", b"I0x1f\n", b"I010\n", b"I01\n", b"L+1L\n", b"L1_0\n", b"L 12 \n", b"F+1\n", b"F1e5\n", b"F nan\n", b"Finf\n", b"F1_0.5\n", b"F-.5e-3\n"]:
        add(f"behind {opcode!r}", opcode + b"0" + TEXT, "table.txt")
    for opcode in [b"N0", b"(0", b"]0", b"}0", b")0", b"(l0", b"(d0", b"(t0", b"K\x010", b"M\x01\x000", b"J\x01\x00\x00\x000", b"G" + b"\x00" * 8 + b"0", b"U\x02ab0", b"T\x02\x00\x00\x00ab0", b"C\x02ab0", b"B\x02\x00\x00\x00ab0", b"\x8a\x02\x01\x020", b"\x8b\x02\x00\x00\x00\x01\x020", b"\x880", b"\x8f0", b"Vx\n0", b"S'x'\n0", b"Px\n0", b"((((1111"]:
        add(f"behind {opcode!r}", opcode + TEXT, "table.txt")


def several(corpus):
    add = lambda technique, data, file="model.pkl": corpus.malicious(file, technique, data)
    empty = b"\x80\x04N."
    for count in (1, 2, 16, 17, 18, 64, 1000):
        add(f"the pickle after {count} others", empty * count + EVIL)
        add(f"the pickle after {count} others", b"N." * count + TEXT, "history.bin")
    add("after a pickle of a million opcodes", b"\x80\x04(" + b"N" * 1_000_000 + b"t." + EVIL)
    add("after a pickle of 4,200,000 opcodes", b"\x80\x04" + b"N0" * 2_100_000 + b"N." + EVIL)
    add("behind 4,200,000 opcodes", b"\x80\x04" + b"N0" * 2_100_000 + EVIL[2:])
    add("a second pickle of 4,200,000 opcodes", empty + b"\x80\x04" + b"N0" * 2_100_000 + EVIL[2:])
    add("behind 100,000 tuples in tuples", b"\x80\x04)" + b"\x85" * 100_000 + b"0" + INNER + b"N.")
    add("behind a dictionary of 100,000", b"\x80\x04}(" + b"K\x01N" * 100_000 + b"u0" + INNER + b"N.")
    # torch before 1.6: a magic number, a version, what the system is, the object, the keys, then bytes.
    magic = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
    legacy = magic + b"\x80\x02M\xe9\x03." + b"\x80\x02}q\x00X\x0d\x00\x00\x00little_endianq\x01\x88s."
    add("torch's old format", legacy + EVIL + b"\x80\x02]." + b"\0" * 64, "model.pt")
    add("torch's old format, in the keys", legacy + b"\x80\x02}." + EVIL + b"\0" * 64, "model.pth")
    add("torch's old format, a name of no model", legacy + EVIL + b"\x80\x02].", "adapter_model.bin")


def make(corpus):
    calls(corpus)
    opcodes(corpus)
    hidden_names(corpus)
    several(corpus)
