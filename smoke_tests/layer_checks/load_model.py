"""Loads a model's file with the library that its name ends in, and says what is in it: load_model.py FILE.

It runs in the environment of the tool that made the file; nothing but the library is trusted with it.
"""

import json
import sys
from pathlib import Path


def _torch(file):
    import torch

    found = torch.load(file, map_location="cpu", weights_only=True)
    state = found.get("state_dict", found.get("model", found))  # some keep the state beside an optimizer's
    return sum(tensor.numel() for tensor in state.values() if hasattr(tensor, "numel"))


def _safetensors(file):
    from safetensors import safe_open

    with safe_open(file, framework="np") as opened:
        return sum(opened.get_tensor(name).size for name in opened.keys())  # noqa: SIM118 (it is no mapping)


def _skops(file):
    import skops.io

    return _numbers(skops.io.load(file, trusted=skops.io.get_untrusted_types(file=file)))


def _joblib(file):
    import joblib

    return _numbers(joblib.load(file))


def _onnx(file):
    import onnx

    model = onnx.load(file)
    onnx.checker.check_model(model)
    return len(model.graph.node)


def _xgboost(file):
    import xgboost

    booster = xgboost.Booster()
    booster.load_model(file)
    return sum(tree.count("leaf") for tree in booster.get_dump())


def _lightgbm(file):
    import lightgbm

    return sum(tree["num_leaves"] for tree in lightgbm.Booster(model_file=file).dump_model()["tree_info"])


def _catboost(file):
    import catboost

    return int(catboost.CatBoost().load_model(file).tree_count_)


def _numbers(model):
    """How many numbers a fitted scikit-learn model, or a chain of them, has learned."""
    steps = [step for _, step in getattr(model, "steps", [("", model)])]
    learned = [value for step in steps for name, value in vars(step).items() if name.endswith("_")]
    return sum(int(getattr(value, "size", 1)) for value in learned)


LOADERS = {
    ".pt": _torch, ".pth": _torch, ".ckpt": _torch, ".safetensors": _safetensors, ".skops": _skops,
    ".joblib": _joblib, ".onnx": _onnx, ".json": _xgboost, ".ubj": _xgboost, ".txt": _lightgbm, ".cbm": _catboost,
}  # fmt: skip

if __name__ == "__main__":
    kind = Path(sys.argv[1]).suffix
    if kind not in LOADERS:
        raise SystemExit(f"a model's file ends in one of {', '.join(LOADERS)}; this is {sys.argv[1]}")
    print(json.dumps({"kind": kind[1:], "parameters": LOADERS[kind](sys.argv[1])}))
