"""`leadline assets`, from a checkout; tests/deploy/test_wheel.py has the installed package."""

from pathlib import Path

from tests.monitor.kit import ROOT, leadline


def test_writes_the_files_of_the_repository_with_a_line_each(tmp_path: Path) -> None:
    done = leadline("assets", tmp_path / "new" / "place")
    written = {path.relative_to(tmp_path / "new" / "place"): path for path in tmp_path.rglob("*") if path.is_file()}
    assert {str(path) for path in written} >= {
        "config/leadline.yaml", "config/prometheus/leadline.rules.yml", "dashboards/overview.json", "docs/runbook.md",
    }  # fmt: skip
    assert all(path.read_bytes() == (ROOT / name).read_bytes() for name, path in written.items())
    assert done.stdout.splitlines() == [f"{path}\twritten" for path in sorted(written.values())]
    assert (done.returncode, done.stderr) == (0, "")


def test_a_changed_file_stays_and_nothing_is_written(tmp_path: Path) -> None:
    """Unless told to; what is the same already is no obstacle."""
    leadline("assets", tmp_path)
    (mine := tmp_path / "config" / "leadline.yaml").write_text("sources: []\n")
    (gone := tmp_path / "docs" / "runbook.md").unlink()
    done = leadline("assets", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"leadline: assets: expected no other files in their place, or --force: {mine}\n"
    assert (mine.read_text(), gone.exists()) == ("sources: []\n", False)
    forced = leadline("assets", tmp_path, "--force")
    said = dict(line.split("\t") for line in forced.stdout.splitlines())
    assert (said[str(mine)], said[str(gone)]) == ("replaced", "written")
    assert sorted(set(said.values())) == ["replaced", "unchanged", "written"]
    assert mine.read_bytes() == (ROOT / "config" / "leadline.yaml").read_bytes()


def test_a_folder_in_the_place_of_a_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "docs").write_text("a file")
    done = leadline("assets", tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
