"""A BERT cross-encoder on ONNX Runtime, built from its safetensors: no torch, half a second to start.

The graph is written here, node by node, instead of being exported: one file of weights serves both backends, and
nothing has to be converted before it can run. The arithmetic is that of the torch model, in single precision.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from monitor.errors import LeadlineError
from monitor.providers.pair_model import Tokens
from monitor.providers.tokens import WholeTexts

Floats = NDArray[np.float32]

BATCH_PAIRS = 8  # few enough for the caches: more were slower
CONTRIB = "com.microsoft"


class OnnxPairModel:
    """`PairModel` over a directory with `config.json`, `model.safetensors` and `tokenizer.json`.

    Raises
    ------
    LeadlineError
        Where the directory holds no BERT model with one label.
    """

    def __init__(self, directory: Path, max_tokens: int) -> None:
        try:
            config = json.loads((directory / "config.json").read_text())
            weights = {
                name: tensor.astype(np.float32) for name, tensor in load_file(directory / "model.safetensors").items()
            }
            self._pairs = Tokenizer.from_file(str(directory / "tokenizer.json"))
        except OSError as error:
            raise LeadlineError(f"{directory}: cannot be read as a model: {error.strerror}") from error
        self._whole = WholeTexts(self._pairs)
        graph = BertGraph(config, weights)
        model = graph.build()
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        # The session reads the weights where they lie: inside the model they would be copied four times on the way.
        self._weights = graph.constants
        values = [onnxruntime.OrtValue.ortvalue_from_numpy(value) for value in self._weights.values()]
        options.add_external_initializers(list(self._weights), values)
        self._session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        self._pairs.no_padding()  # whatever was in force when the file was written
        self._pairs.enable_truncation(max_tokens, strategy="longest_first")
        self.unknown_id = self._pairs.token_to_id("[UNK]")

    def tokens(self, text: str) -> Tokens:
        return self._whole.tokens(text)

    def predict(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        encodings = self._pairs.encode_batch(list(pairs))
        order = np.argsort([len(encoding) for encoding in encodings], kind="stable")
        logits = np.empty(len(pairs))
        for start in range(0, len(order), BATCH_PAIRS):
            batch = order[start : start + BATCH_PAIRS]
            (found,) = self._session.run(None, _padded([encodings[i] for i in batch]))
            logits[batch] = found[:, 0]
        return np.asarray(1 / (1 + np.exp(-logits)))


def _padded(encodings: Sequence[Any]) -> dict[str, NDArray[Any]]:
    longest = max(len(encoding) for encoding in encodings)
    ids = np.zeros((len(encodings), longest), dtype=np.int64)
    types = np.zeros_like(ids)
    for row, encoding in enumerate(encodings):
        ids[row, : len(encoding)] = encoding.ids
        types[row, : len(encoding)] = encoding.type_ids
    lengths = np.array([len(encoding) for encoding in encodings], dtype=np.int32)
    return {"input_ids": ids, "token_type_ids": types, "lengths": lengths}


class BertGraph:
    """BertForSequenceClassification with one label, as an ONNX graph.

    Inputs `input_ids` and `token_type_ids` of shape (pairs, tokens), `lengths` of shape (pairs,): tokens beyond a
    pair's length are masked. Output `logits` of shape (pairs, 1).
    """

    def __init__(self, config: dict[str, Any], weights: dict[str, Floats]) -> None:
        _check(config)
        self._config = config
        self._weights = weights
        self.constants: dict[str, NDArray[Any]] = {}
        self._nodes: list[Any] = []

    def build(self) -> ModelProto:
        """The model; its weights are in `constants`, by the names that it has for them."""
        hidden = self._embeddings()
        for number in range(self._config["num_hidden_layers"]):
            hidden = self._layer(f"bert.encoder.layer.{number}", hidden)
        self._head(hidden)
        tokens = ["pairs", "tokens"]
        inputs = [
            helper.make_tensor_value_info("input_ids", TensorProto.INT64, tokens),
            helper.make_tensor_value_info("token_type_ids", TensorProto.INT64, tokens),
            helper.make_tensor_value_info("lengths", TensorProto.INT32, ["pairs"]),
        ]
        outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["pairs", 1])]
        graph = helper.make_graph(
            self._nodes,
            "cross-encoder",
            inputs,
            outputs,
            [_placeholder(name, value) for name, value in self.constants.items()],
        )
        opsets = [helper.make_opsetid("", 20), helper.make_opsetid(CONTRIB, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=10)

    def _embeddings(self) -> str:
        prefix = "bert.embeddings"
        words = self._node("Gather", self._weight(f"{prefix}.word_embeddings.weight"), "input_ids")
        types = self._node("Gather", self._weight(f"{prefix}.token_type_embeddings.weight"), "token_type_ids")
        length = self._node("Shape", "input_ids", start=1, end=2)
        first = self._constant("first", np.array([0], dtype=np.int64))
        places = self._node("Slice", self._weight(f"{prefix}.position_embeddings.weight"), first, length, first)
        total = self._node("Add", self._node("Add", words, types), places)
        return self._node("LayerNormalization", total, *self._norm(f"{prefix}.LayerNorm"), epsilon=self._epsilon)

    def _layer(self, prefix: str, hidden: str) -> str:
        attention, output = f"{prefix}.attention.self", f"{prefix}.attention.output"
        query, key, value = (self._linear(f"{attention}.{part}", hidden) for part in ("query", "key", "value"))
        heads = self._config["num_attention_heads"]
        context = self._node("MultiHeadAttention", query, key, value, "", "lengths", domain=CONTRIB, num_heads=heads)
        attended = self._skip_norm(self._linear(f"{output}.dense", context), hidden, f"{output}.LayerNorm")
        raised = self._node("Gelu", self._linear(f"{prefix}.intermediate.dense", attended), domain=CONTRIB)
        lowered = self._linear(f"{prefix}.output.dense", raised)
        return self._skip_norm(lowered, attended, f"{prefix}.output.LayerNorm")

    def _head(self, hidden: str) -> None:
        first = self._node("Gather", hidden, self._constant("classifier token", np.array(0, dtype=np.int64)), axis=1)
        pooled = self._node("Tanh", self._linear("bert.pooler.dense", first))
        self._node("Identity", self._linear("classifier", pooled), output="logits")

    def _linear(self, name: str, inputs: str) -> str:
        weight = self._constant(f"{name}.weight", np.ascontiguousarray(self._weights[f"{name}.weight"].T))
        return self._node("Add", self._node("MatMul", inputs, weight), self._weight(f"{name}.bias"))

    def _skip_norm(self, inputs: str, skip: str, name: str) -> str:
        return self._node(
            "SkipLayerNormalization", inputs, skip, *self._norm(name), domain=CONTRIB, epsilon=self._epsilon
        )

    def _norm(self, name: str) -> Iterator[str]:
        return (self._weight(f"{name}.{part}") for part in ("weight", "bias"))

    @property
    def _epsilon(self) -> float:
        return float(self._config["layer_norm_eps"])

    def _weight(self, name: str) -> str:
        return self._constant(name, self._weights[name])

    def _constant(self, name: str, value: NDArray[Any]) -> str:
        self.constants[name] = value
        return name

    def _node(self, kind: str, *inputs: str, output: str = "", domain: str = "", **attributes: Any) -> str:
        name = output or f"{kind} {len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [name], domain=domain, **attributes))
        return name


def _placeholder(name: str, value: NDArray[Any]) -> TensorProto:
    """A tensor whose values the session is given apart from the model."""
    kind = helper.np_dtype_to_tensor_dtype(value.dtype)
    tensor = TensorProto(name=name, data_type=kind, dims=value.shape, data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="given")
    return tensor


def _check(config: dict[str, Any]) -> None:
    expected = {"model_type": "bert", "hidden_act": "gelu"}
    for key, value in expected.items():
        if config.get(key) != value:
            raise LeadlineError(f"backend onnx: config.json: {key}: got {config.get(key)!r}, expected {value!r}")
    labels = len(config.get("id2label", {"0": "", "1": ""}))
    if labels != 1:
        raise LeadlineError(f"backend onnx: expected one score a pair, got {labels}")
