"""What a cloud asks for its machines: a dated table, because nobody else tells it before something is made."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from stackwright.model.base import Model

PerHour = dict[str, Annotated[float, Field(ge=0)]]  # by region


class MachineGpu(Model):
    """The GPUs of a machine."""

    type: Annotated[str, Field(pattern=r"^[a-z]+-[a-z0-9-]+$")]  # `nvidia-l4`
    count: Annotated[int, Field(ge=1)] = 1


class MachineType(Model):
    """A kind of machine; its price includes its GPUs."""

    cpu: Annotated[int, Field(ge=1)]
    memory: Annotated[float, Field(gt=0)]  # GiB
    gpu: MachineGpu | None = None
    price: PerHour


class Extra(Model):
    """What comes with it and is paid for, too."""

    what: Annotated[str, Field(min_length=1)]
    per: Literal["cluster", "machine"]
    price: PerHour


class PriceTable(Model):
    """The prices of one cloud."""

    source: Annotated[str, Field(min_length=1)]
    date: Annotated[str, Field(pattern=r"^20[0-9]{2}-[01][0-9]-[0-3][0-9]$")]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "USD"
    control_plane: PerHour
    extras: tuple[Extra, ...] = ()
    usual: str  # the machine of whoever names none
    machines: Annotated[dict[str, MachineType], Field(min_length=1)]

    def cheapest(self, gpu: str, region: str) -> str | None:
        """The machine with such a GPU that costs least there; those without a price there come last."""
        having = [name for name, machine in self.machines.items() if machine.gpu and machine.gpu.type == gpu]
        return min(having, key=lambda name: self._rank(name, region), default=None)

    def gpus(self) -> list[str]:
        """The words for GPUs."""
        return sorted({machine.gpu.type for machine in self.machines.values() if machine.gpu})

    def _rank(self, name: str, region: str) -> float:
        price = self.machines[name].price
        return price[region] if region in price else 1e6 + min(price.values(), default=0)
