"""One of the workers, as torchrun starts it: fits a small model with the others, and writes down what it holds."""

import hashlib
import json
import os
from pathlib import Path

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

STEPS = 60


def main() -> None:
    """Train together, then once more alone, from the same beginning: the difference is what the others said."""
    rank, workers = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    on_gpu = torch.cuda.is_available() and torch.cuda.device_count() >= workers
    device = torch.device("cuda", int(os.environ["LOCAL_RANK"])) if on_gpu else torch.device("cpu")
    if on_gpu:
        torch.cuda.set_device(device)
    else:
        torch.set_num_threads(1)
    torch.distributed.init_process_group("nccl" if on_gpu else "gloo")
    own = torch.Generator().manual_seed(rank)
    rows = torch.randn(96, 4, generator=own)
    classes = rows[:, :3].argmax(1).to(device)
    rows = rows.to(device)
    shared = _model(rank, device)  # each begins elsewhere: the first one's weights are sent round
    wrapped = DistributedDataParallel(shared, device_ids=[device.index] if on_gpu else None)
    start = {name: value.clone() for name, value in shared.state_dict().items()}
    before, after = _fitted(wrapped, rows, classes)
    alone = _model(rank, device)
    alone.load_state_dict(start)
    _fitted(alone, rows, classes)
    told = {
        "rank": rank, "pid": os.getpid(), "backend": torch.distributed.get_backend(), "torch": torch.__version__,
        "device": torch.cuda.get_device_name(device) if on_gpu else "CPU",
        "weights": _digest(shared), "alone": _digest(alone), "before": before, "after": after,
    }  # fmt: skip
    Path(f"rank-{rank}.json").write_text(json.dumps(told), encoding="utf-8")
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()


def _model(seed: int, device: torch.device) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 3)).to(device)


def _fitted(model: nn.Module, rows: torch.Tensor, classes: torch.Tensor) -> tuple[float, float]:
    """The loss on its own rows before and after."""
    optimizer, losses = torch.optim.SGD(model.parameters(), lr=0.5), []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(rows), classes)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses[0], losses[-1]


def _digest(model: nn.Module) -> str:
    """Of every weight, to the last bit."""
    values = [value for tensor in model.state_dict().values() for value in tensor.flatten().tolist()]
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()


if __name__ == "__main__":
    main()
