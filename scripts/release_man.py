"""Man pages, from what the programs say of themselves: scripts/release."""
import importlib.machinery
import importlib.util
import pathlib
import re
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def docs():
    """scripts/docs, which reads the commands for the reference."""
    loader = importlib.machinery.SourceFileLoader("docs", str(ROOT / "scripts/docs"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("docs", loader))
    loader.exec_module(module)
    return module


def roff(text):
    """Text for a man page: nothing of it is a request or an escape."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in text.split("\n"))


def header(name, epoch, version):
    date = time.strftime("%Y-%m-%d", time.gmtime(epoch))
    return [f'.TH {name.upper()} 1 "{date}" "opz {version}" "opz"']


def paragraphs(text):
    """The help's paragraphs: examples and tables keep their lines."""
    out = []
    for paragraph in filter(None, text.split("\n\n")):
        if "\n" in paragraph or re.match(r"opz [^.]*$", paragraph):
            out += [".PP", ".nf", ".RS 4", roff(paragraph), ".RE", ".fi"]
        else:
            out += [".PP", roff(paragraph)]
    return out


def options(arguments, spelled):
    out = []
    for argument in arguments:
        text = argument.get("abstract") or ""
        values, default = argument.get("allValues") or [], argument.get("defaultValue")
        if values:
            text += f" One of {', '.join(values)}."
        if default and argument["kind"] != "flag":
            text += f" Default: {default}."
        out += [".TP", f".B {roff(spelled(argument))}", roff(" ".join(text.split())) or "\\&"]
    return out


def command_page(command, version, epoch, reading):
    """A page of one command, with its subcommands."""
    name = f"opz-{command['commandName']}"
    out = [*header(name, epoch, version), ".SH NAME", f"{roff(name)} \\- {roff(command['abstract'].rstrip('.'))}"]

    def section(command, words):
        nonlocal out
        subcommands = [one for one in command.get("subcommands", []) if one["commandName"] != "help"]
        arguments = [one for one in command.get("arguments", []) if one.get("shouldDisplay", True)]
        own = [one for one in arguments if not reading.is_global(one)]
        if not subcommands:
            out += [".SH SYNOPSIS" if len(words) == 2 else f".SH {' '.join(words).upper()}"]
            out += [".nf", roff(reading.usage(" ".join(words), own)), ".fi"]
        if len(words) == 2:
            out += [".SH DESCRIPTION"]
        elif subcommands or command.get("abstract"):
            out += [".PP", roff(command["abstract"])]
        out += paragraphs(command.get("discussion", ""))
        if arguments and not subcommands:
            out += [".SH OPTIONS"] if len(words) == 2 else []
            out += options(arguments, reading.spelled)
        for one in subcommands:
            section(one, [*words, one["commandName"]])

    section(command, ["opz", command["commandName"]])
    return "\n".join([*out, ".SH SEE ALSO", ".BR opz (1)", ""])


def root_page(tree, version, epoch):
    out = [*header("opz", epoch, version), ".SH NAME", f"opz \\- {roff(tree['abstract'].rstrip('.').lower())}"]
    out += [".SH SYNOPSIS", ".B opz", ".I command", "[option ...]", ".SH DESCRIPTION", *paragraphs(tree.get("discussion", ""))]
    out += [".SH COMMANDS"]
    for command in tree["subcommands"]:
        if command["commandName"] != "help":
            out += [".TP", f".BR opz\\-{roff(command['commandName'])} (1)", roff(command["abstract"])]
    return "\n".join([*out, ".SH SEE ALSO", ".BR opz\\-server (1),", ".BR opz\\-hub (1)", ""])


def program_page(name, text, version, epoch):
    """A page of a program whose help is a text: its first line says what it does."""
    first, rest = text.split("\n", 1)
    what = first.removeprefix(f"{name} ").rstrip(".")
    return "\n".join([
        *header(name, epoch, version), ".SH NAME", f"{roff(name)} \\- {roff(what)}",
        ".SH DESCRIPTION", ".nf", roff(rest.strip("\n")), ".fi", ".SH SEE ALSO", ".BR opz (1)", ""])


def pages(programs, version, epoch):
    """Every page, by its file name."""
    reading = docs()
    tree = reading.command_tree(programs / "opz")
    found = {"opz.1": root_page(tree, version, epoch)}
    for command in tree["subcommands"]:
        if command["commandName"] != "help":
            found[f"opz-{command['commandName']}.1"] = command_page(command, version, epoch, reading)
    for name in ("opz-server", "opz-hub"):
        if (programs / name).exists():
            text = subprocess.run([programs / name, "--help"], capture_output=True, check=True, text=True).stdout
            found[f"{name}.1"] = program_page(name, text, version, epoch)
    return found
