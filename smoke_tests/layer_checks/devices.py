"""What must hold of the GPUs that a layer's work sees; where it sees none, there is nothing to check."""

from stackwright.smoke.gpus import asked
from stackwright.smoke.pipeline import Evidence, NothingToCheck, expect
from stackwright.smoke.run import Run


def multiply(run: Run, layer: str) -> Evidence:
    """Every device multiplied right, in every place where the layer's work is done; who asked for devices has them."""
    verbs = run.layer(layer)
    return seen(verbs.gpu_check()["places"], asked(verbs.component))


def seen(places: list[dict], wanted: int = 0) -> Evidence:
    """The devices of all places, one line; a place that got it wrong fails."""
    wrong = [f"{place['where']}: {place['wrong']}" for place in places if "wrong" in place]
    expect(not wrong, "; ".join(wrong))
    expect(bool(places), "nobody does this layer's work")
    without = [f"{place['where']}: {place['none']}" for place in places if not place["devices"]]
    expect(not (wanted and without), f"GPUs were asked for, and there is none: {'; '.join(without)}")
    devices = [device for place in places for device in place["devices"]]
    if not devices:
        raise NothingToCheck(f"no GPU: {'; '.join(dict.fromkeys(place['none'] for place in places))}")
    names = ", ".join(sorted({device["name"] for device in devices}))
    return {"shown": f"{names}, in {len(places) - len(without)} of {len(places)} places", "places": places}
