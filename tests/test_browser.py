"""What the browser is given: Python's constants, under the names that its modules use."""

import re

import pytest

from finalnet.web.browser import RECOGNIZER, constants

COMMENT_OR_TEXT = re.compile(r"//[^\n]*|/\*.*?\*/|\"[^\"\n]*\"", re.DOTALL)
NAME = re.compile(r"\b[A-Z]{2}[A-Z0-9_]+\b")
OWN = re.compile(r"^(?:export )?const ([A-Z][A-Z0-9_]+) =", re.MULTILINE)
LANGUAGE = {"JSON", "URL"}  # JavaScript's own


@pytest.mark.parametrize("module", [*RECOGNIZER.glob("*.js")], ids=lambda path: path.name)
def test_every_constant_of_a_module_is_its_own_or_python_s(module):
    code = COMMENT_OR_TEXT.sub("", module.read_text(encoding="utf-8"))
    used = set(NAME.findall(code)) - LANGUAGE
    assert used <= set(constants()) | set(OWN.findall(code))
