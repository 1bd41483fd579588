"""`leadline assets`: dashboards, rules, runbook and the annotated configuration, out of the installed package."""

from pathlib import Path

from monitor.errors import LeadlineError

PATTERNS = ("config/leadline.yaml", "config/prometheus/*.yml", "dashboards/*.json", "docs/runbook.md")
"""In the repository. `setup.py` copies them below `SHIPPED` in the package; an editable install has the repository."""

PACKAGE = Path(__file__).parent
SHIPPED = "shipped"


def assets() -> dict[Path, bytes]:
    """What each file holds, by its path in the repository."""
    root = PACKAGE / SHIPPED if (PACKAGE / SHIPPED).exists() else PACKAGE.parent
    return {path.relative_to(root): path.read_bytes() for path in files(root)}


def files(root: Path) -> list[Path]:
    """Those below a root, in order."""
    return sorted(path for pattern in PATTERNS for path in root.glob(pattern))


def assets_command(directory: Path, *, force: bool) -> None:
    """Write them, a line each; nothing is written where a file there was changed.

    Raises
    ------
    LeadlineError
        Where one was, unless `force`.
    """
    wanted = {directory / name: content for name, content in assets().items()}
    there = {path: path.read_bytes() for path in wanted if path.exists()}
    changed = [str(path) for path, content in there.items() if content != wanted[path]]
    if changed and not force:
        raise LeadlineError(f"assets: expected no other files in their place, or --force: {', '.join(changed)}")
    for path, content in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        print(path, _done(there.get(path), content), sep="\t")  # noqa: T201


def _done(before: bytes | None, content: bytes) -> str:
    if before is None:
        return "written"
    return "unchanged" if before == content else "replaced"
