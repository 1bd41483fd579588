"""The graph that is written by hand computes what the torch model computes."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.errors import LeadlineError
from monitor.providers.cross_encoder import CrossEncoderScorer
from tests.monitor.providers.test_cross_encoder import PAIRS, write_model

LIGHT = """
import sys
from monitor.providers.cross_encoder import CrossEncoderScorer
print(CrossEncoderScorer(backend="onnx").score([("refund policy", "Refunds take five days.")])[0])
sys.exit("torch" in sys.modules or "transformers" in sys.modules)
"""


@pytest.fixture(scope="module")
def random_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("onnx") / "tiny")


def test_both_backends_give_the_same_scores(random_bert: Path) -> None:
    """Pairs of all lengths in one batch, so that the padding is masked; and one beyond the model's length."""
    long = [("how long", "refunds reach your account within five days . " * 100)]
    scores = [
        CrossEncoderScorer(str(random_bert), backend=backend).score(PAIRS + long) for backend in ("torch", "onnx")
    ]
    assert scores[0] == pytest.approx(scores[1], abs=1e-5)
    assert len(set(scores[0].round(5))) > len(PAIRS) / 2


def test_the_bundled_model_gives_the_same_scores_on_both() -> None:
    scores = [CrossEncoderScorer(backend=backend).score(PAIRS) for backend in ("torch", "onnx")]
    assert scores[0] == pytest.approx(scores[1], abs=1e-4)


def test_no_torch_is_imported() -> None:
    found = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (0, "")
    assert 0 < float(found.stdout) < 1


@pytest.mark.parametrize(("key", "value"), [("model_type", "roberta"), ("hidden_act", "relu")])
def test_a_model_of_another_kind_is_refused(random_bert: Path, tmp_path: Path, key: str, value: str) -> None:
    """Its graph would be another one, and its scores nonsense."""
    shutil.copytree(random_bert, tmp_path / "other")
    config = tmp_path / "other" / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), key: value}))
    with pytest.raises(LeadlineError, match=f"^backend onnx: config.json: {key}: got '{value}', expected "):
        CrossEncoderScorer(str(tmp_path / "other"), backend="onnx").loaded()


def test_two_labels_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LeadlineError, match="expected one score a pair, got 2"):
        CrossEncoderScorer(str(write_model(tmp_path / "two", labels=2)), backend="onnx").loaded()


def test_a_directory_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LeadlineError, match="cannot be read as a model: No such file"):
        CrossEncoderScorer(str(tmp_path / "nowhere"), backend="onnx").loaded()
