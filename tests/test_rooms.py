"""Imports between the rooms of the package point one way."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "finalnet"
MEASURING = ("training", "evaluation")
SERVING = [
    path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).parts[0] not in MEASURING
]
# Rooms from which the modules of a room may import, beside their own.
ALLOWED = {
    "core": set(),
    "web": {"core"},
    "server": {"core", "web"},
    "sharing": {"core", "web"},
    "training": {"core"},
    "evaluation": {"core", "training"},
}


def room_of(name: str) -> str:
    """The room of a dotted module name that begins with "finalnet"."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in ALLOWED else "core"


def imported_by(path: Path, package: str = "finalnet") -> set[str]:
    """The modules of a package that a file imports, also inside functions."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in names if name.split(".")[0] == package}


@pytest.mark.parametrize(
    # The command line may import from every room.
    "path",
    [path for path in PACKAGE.rglob("*.py") if path.name != "__main__.py"],
    ids=lambda path: str(path.relative_to(PACKAGE)),
)
def test_imports_point_from_the_rooms_to_the_core(path):
    room = room_of(".".join(path.relative_to(PACKAGE.parent).parts))
    others = {name for name in imported_by(path) if room_of(name) not in ALLOWED[room] | {room}}
    assert others == set()


@pytest.mark.parametrize("package", ["torch", "torchvision"])
@pytest.mark.parametrize(
    "path",
    [path for path in SERVING if path.name != "model.py"],
    ids=lambda path: str(path.relative_to(PACKAGE)),
)
def test_serving_imports_no_pytorch(path, package):
    assert imported_by(path, package) == set()


@pytest.mark.parametrize("path", SERVING, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_training_and_evaluation_import_matplotlib(path):
    assert imported_by(path, "matplotlib") == set()


PUBLIC = {"_asdict", "_fields", "_replace", "_exit"}  # in NamedTuple and os, despite the "_"


def test_no_private_names_are_used_and_no_imports_are_patched():
    for path in (*PACKAGE.rglob("*.py"), *PACKAGE.parent.glob("deploy/*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imports = [n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)]
        names = [alias.asname or alias.name for each in imports for alias in each.names]
        for node in ast.walk(tree):
            if not isinstance(node, ast.Attribute):
                continue
            text = f"{path}:{node.lineno}: {ast.unparse(node)}"
            is_private = node.attr.startswith("_") and not node.attr.endswith("__")
            assert not is_private or node.attr in PUBLIC or ast.unparse(node.value) == "self", text
            root = ast.unparse(node).split(".")[0]
            assert not (isinstance(node.ctx, ast.Store) and root in names), text
