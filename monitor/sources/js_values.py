"""Makes JSON of a value written in JavaScript: names without quotes, single quotes, trailing commas, comments.

It reads a value, it runs nothing: what is no plain value (a function, a sum) is refused. In one pass, within bounds.
"""

from __future__ import annotations

import json
import re

LONGEST = 50_000_000  # characters of one value
_TOKEN = re.compile(
    r"""(?P<space>[\s\ufeff]+|//[^\n]*|/\*.*?\*/)
    |(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\$]|\\.|\$(?!\{))*`)
    |(?P<number>[-+]?(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)n?)
    |(?P<name>[A-Za-z_$][\w$]*)
    |(?P<mark>[{}\[\],:!])""",
    re.DOTALL | re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(u\{[0-9a-fA-F]{1,6}\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|\r\n|.)", re.DOTALL)
_PLAIN = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": "", "\r\n": ""}
_WORDS = {"true": "true", "false": "false", "null": "null", "undefined": "null", "NaN": "null", "Infinity": "null"}
_CLOSES = {"{": "}", "[": "]"}
_BEFORE = ("{", "[", ",", ":", "!")  # what a value may follow


def json_of(script: str, start: int = 0) -> str:
    """The JSON of the value that begins at `start` in `script`. Raises ValueError when it is no plain value."""
    out: list[str] = []
    opened: list[str] = []
    at = start
    while at - start < LONGEST:
        found = _TOKEN.match(script, at)
        if found is None:
            raise ValueError(f"{script[at : at + 20]!r} is no plain value")
        at = found.end()
        if found.lastgroup == "space":
            continue
        _take(str(found.lastgroup), found.group(), out, opened)
        if not opened and out[-1] != "!":
            return "".join(out)
    raise ValueError("the value does not end")


def _take(kind: str, text: str, out: list[str], opened: list[str]) -> None:
    """Write one token as JSON."""
    if (kind != "mark" or text in "{[!") and out and out[-1] not in _BEFORE:
        raise ValueError(f"{text[:40]!r} follows a value")
    if kind == "string":
        out.append(json.dumps(_unescaped(text[1:-1]), ensure_ascii=False))
    elif kind == "number":
        out.append(_number(text))
    elif kind == "name":
        _name(text, out, opened)
    elif text == "!":
        out.append("!")
    elif text in "{[":
        opened.append(text)
        out.append(text)
    elif text in "}]":
        if not opened or _CLOSES[opened.pop()] != text:
            raise ValueError(f"a {text!r} too many")
        if out[-1] == ",":
            out.pop()
        out.append(text)
    elif text == "," and (not out or out[-1] in (",", "[", "{")):
        out += ["null", ","] if opened and opened[-1] == "[" else []  # a hole in a list
    elif text in ",:" and opened:
        out.append(text)
    else:
        raise ValueError(f"{text!r} is no part of a plain value")
    if len(out) > 1 and out[-2] == "!":  # !0 is how programs that shorten others write true
        out[-2:] = ["true" if out[-1] == "0" else "false"]


def _name(text: str, out: list[str], opened: list[str]) -> None:
    is_key = bool(opened) and opened[-1] == "{" and out[-1] in ("{", ",")
    if is_key:
        out.append(json.dumps(text))
    elif text in _WORDS:
        out.append(_WORDS[text])
    else:
        raise ValueError(f"{text[:40]!r} is no plain value")


def _number(text: str) -> str:
    digits = text.rstrip("n").lstrip("+")
    if digits.lower().lstrip("-").startswith("0x"):
        return str(int(digits, 16))
    whole = re.sub(r"^(-?)\.", r"\g<1>0.", digits)
    return re.sub(r"\.(?=$|[eE])", "", re.sub(r"^(-?)0+(?=\d)", r"\1", whole))


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text

    def plain(found: re.Match[str]) -> str:
        code = found.group(1)
        if code[0] in "ux" and len(code) > 1:
            number = int(code.strip("ux{}"), 16)
            return chr(number) if number < 0x110000 else "\ufffd"
        return _PLAIN.get(code, code)

    return _ESCAPE.sub(plain, text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
