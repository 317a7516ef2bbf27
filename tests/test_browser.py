"""The constants that the browser takes from Python."""

import re

import pytest

from finalnet.web.browser import FOLDER, RECOGNIZER, constants

FILES = [*RECOGNIZER.glob("*.js"), *FOLDER.glob("*.js")]
COMMENT_OR_TEXT = re.compile(r"//[^\n]*|/\*.*?\*/|\"[^\"\n]*\"", re.DOTALL)
NAME = re.compile(r"\b[A-Z]{2}[A-Z0-9_]+\b")
OWN = re.compile(r"^(?:export )?const ([A-Z][A-Z0-9_]+) =", re.MULTILINE)
LANGUAGE = {"CSS", "JSON", "URL"}  # built into JavaScript
# constants.lines.SURE, { lines: { SURE } }, and { SURE } = constants.lines
USES = [
    re.compile(r"constants\.(?P<module>[a-z]+)\.(?P<names>[A-Z_]+)"),
    re.compile(r"(?P<module>[a-z]+): \{(?P<names>[A-Z_,\s]+)\}"),
    re.compile(r"\{(?P<names>[A-Z_,\s]+)\} = (?:this\.)?constants\.(?P<module>[a-z]+)"),
    re.compile(r"\{(?P<names>[A-Z_,\s]+)\} = (?P<module>separators);"),
]


def uses(code: str) -> set[tuple[str, str]]:
    """The (module, name) pairs of Python's constants that code uses."""
    found = [(use["module"], use["names"]) for pattern in USES for use in pattern.finditer(code)]
    return {(module, name) for module, names in found for name in NAME.findall(names)}


def read(path) -> str:
    return COMMENT_OR_TEXT.sub("", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_constant_in_a_module_is_its_own_or_comes_from_python(path):
    code = read(path)
    names = set(NAME.findall(code)) - LANGUAGE - set(OWN.findall(code))
    assert names == {name for _, name in uses(code)}


def test_the_browser_uses_exactly_the_constants_that_python_exports():
    given = {(module, name) for module, names in constants().items() for name in names}
    assert given == set().union(*(uses(read(path)) for path in FILES))
