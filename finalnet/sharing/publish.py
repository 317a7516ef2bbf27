"""The app, the page or the model on the Hugging Face Hub: finalnet publish"""

import argparse
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple

from huggingface_hub import CommitOperationAdd, HfApi, get_token
from huggingface_hub.errors import HfHubHTTPError, HFValidationError
from huggingface_hub.utils import disable_progress_bars, validate_repo_id

from finalnet.checkpoint import (
    COMMITTED,
    EVALUATION,
    FILES,
    IS_INSTALLED,
    find_checkpoint,
    load_checkpoint,
)

PACKAGE = Path(__file__).resolve().parent.parent
ROOT = PACKAGE.parent
# Where what belongs to the app but not to the package is: in the repository, or in the wheel.
OUTSIDE = PACKAGE / "space" if IS_INSTALLED else ROOT
PLAIN = ("app.py", "LICENSE", "README.md", "SECURITY.md")
LEAN = "requirements-app.txt"  # what serving needs
LEFTOVERS = {".pyc", ".pyi"}  # that Python and Gradio leave in the package

# What the Hub's refusals mean for somebody who publishes.
REFUSALS = {
    401: "the token is not valid; make one that may write at {hub}/settings/tokens",
    402: "a Space that runs Python needs a paid plan; `--static` Spaces are free",
    403: "the token may not write to {name}; use one of its owner that may write",
    404: "there is no such owner, or the token may not see it",
    413: "it is too large for the Hub",
    429: "too many requests; wait a few minutes",
}


class Publication(NamedTuple):
    """What a repository of the Hub is to hold.

    Attributes:
        name: OWNER/NAME.
        sdk: of a Space; None is a model repository.
        files: contents by their path in the repository; README.md has the front matter.
    """

    name: str
    sdk: Literal["gradio", "static"] | None
    files: dict[str, bytes]

    @property
    def front_matter(self) -> str:
        """The block that tells the Hub what the repository is, with its two lines of dashes."""
        text = self.files["README.md"].decode()
        return text[: text.index("\n---\n", 3) + 4]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("--space", metavar="OWNER/NAME", help="the app")
    target.add_argument("--model", metavar="OWNER/NAME", help="the checkpoint")
    parser.add_argument("--static", action="store_true", help="--space: the page, no server")
    parser.add_argument("--checkpoint", help="folder or Hub id; the committed one by default")
    parser.add_argument("--yes", action="store_true", help="publish what is shown without it")


def run(options: argparse.Namespace) -> None:
    """Show what would be published, and publish it if that is what is asked for.

    Raises:
        OSError, ValueError: as `collect_model` and `upload`.
    """
    checkpoint = find_checkpoint(options.checkpoint)
    if options.model and options.static:
        raise ValueError("--static is a kind of --space; a model has no page")
    if options.model:
        publication = collect_model(options.model, checkpoint)
    elif options.static:
        publication = collect_static_space(options.space, checkpoint)
    else:
        publication = collect_space(options.space, checkpoint)
    kind = f"{publication.sdk} Space" if publication.sdk else "model"
    size = sum(map(len, publication.files.values()))
    print(f"{publication.front_matter}\n")
    for name, content in sorted(publication.files.items()):
        print(f"{len(content):>9,}  {name}")
    print(f"\n{len(publication.files)} files, {size / 1000:,.0f} kB: {kind} {publication.name}")
    if options.yes:
        print(f"published: {upload(publication)}")
    else:
        print("nothing is published yet; add --yes to do it")


def collect_space(name: str, checkpoint: Path) -> Publication:
    """The whole app as a Gradio Space; raises as `collect_model` does."""
    _check(name, checkpoint)
    folder = COMMITTED.relative_to(ROOT)  # where the app looks for its checkpoint
    other = {COMMITTED, OUTSIDE} - {ROOT}  # that lie in the package of a wheel
    code = [p for p in PACKAGE.rglob("*") if p.is_file() and p.suffix not in LEFTOVERS]
    files = {
        **_read(OUTSIDE, [OUTSIDE / n for n in PLAIN]),
        **_read(OUTSIDE, (OUTSIDE / "docs").glob("*.[pm][nd]*")),
        **_read(ROOT, (p for p in code if other.isdisjoint(p.parents))),
        **{str(folder / n): content for n, content in _read_checkpoint(checkpoint).items()},
        "requirements.txt": (OUTSIDE / LEAN).read_bytes(),
    }
    return Publication(name, "gradio", files)


def collect_static_space(name: str, checkpoint: Path) -> Publication:
    """The page without a server as a static Space; raises as `collect_model` does."""
    # Here, because it imports Gradio, which takes seconds, and the others need none.
    from finalnet.sharing.export import export_page

    _check(name, checkpoint)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        names = export_page(root, checkpoint)
        return Publication(name, "static", _read(root, [root / n for n in names]))


def collect_model(name: str, checkpoint: Path) -> Publication:
    """A checkpoint with its card, metrics and pictures as a model repository.

    Raises:
        ValueError: the name is not OWNER/NAME, or the checkpoint is broken.
        FileNotFoundError: a file is missing.
    """
    _check(name, checkpoint)
    files = _read_checkpoint(checkpoint)
    if "README.md" not in files:
        raise FileNotFoundError(
            f"no model card in {checkpoint}; a model is published with the README.md that "
            "`python train.py` writes"
        )
    return Publication(name, None, files)


def upload(publication: Publication) -> str:
    """Make the repository if there is none, and put the files into it in one commit.

    Files that are there and do not belong to the publication stay.

    Returns:
        The repository's address.
    Raises:
        OSError: the Hub cannot be reached or refuses; the message says why, in one line.
    """
    hub = HfApi()
    if not get_token():
        raise PermissionError(
            f"no token for {hub.endpoint}; set HF_TOKEN, or run `hf auth login`; one that may "
            f"write is made at {hub.endpoint}/settings/tokens"
        )
    disable_progress_bars()
    name, kind = publication.name, "space" if publication.sdk else "model"
    files = [CommitOperationAdd(path, content) for path, content in publication.files.items()]
    try:
        url = hub.create_repo(name, repo_type=kind, space_sdk=publication.sdk, exist_ok=True)
        hub.create_commit(name, files, repo_type=kind, commit_message="Publish FinalNet")
    except Exception as error:  # the Hub's and the network's own, of many kinds
        raise OSError(_explain(error, name, hub.endpoint)) from error
    return str(url)


def _explain(error: Exception, name: str, hub: str) -> str:
    """What went wrong with an upload, in one line."""
    if isinstance(error.__cause__, HfHubHTTPError):
        error = error.__cause__  # of a file of many
    if not isinstance(error, HfHubHTTPError):
        reason = " ".join(str(error).split()) or type(error).__name__
        if isinstance(error, ValueError | KeyError | TypeError):  # about what came
            return f"{hub} does not take {name}, or is no Hub ({reason}); look at HF_ENDPOINT"
        return f"{hub} cannot be reached ({reason}); try again with a network, or set HF_ENDPOINT"
    status = error.response.status_code
    meaning = REFUSALS.get(status, "try again later").format(name=name, hub=hub)
    said = f", {error.server_message.splitlines()[0]}" if error.server_message else ""
    return f"{hub} refuses {name} (status {status}{said}): {meaning}"


def _check(name: str, checkpoint: Path) -> None:
    try:
        validate_repo_id(name)
    except HFValidationError as error:
        raise ValueError(f"the name must be OWNER/NAME, got {name!r} ({error})") from None
    if "/" not in name:
        raise ValueError(f"the name must be OWNER/NAME, got {name!r}")
    load_checkpoint(checkpoint)  # nobody publishes a broken one


def _read(root: Path, paths: Iterable[Path]) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(paths)}


def _read_checkpoint(folder: Path) -> dict[str, bytes]:
    """What `python train.py` and `evaluate --record` write, and nothing else that lies there."""
    own = (p for n in FILES - {EVALUATION} if (p := folder / n).is_file())
    return _read(folder, own) | _read(folder, (folder / EVALUATION).glob("*.*"))
