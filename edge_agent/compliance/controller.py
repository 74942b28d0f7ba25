"""What the configuration does not know and only the controller can say: who they are, whom to ask, how long to keep."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

_MAX_BYTES: Final = 64 * 1024


class ControllerError(Exception):
    """The file or an option cannot be used; one line per error."""


def _one_line(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("one line of text, not empty")
    return text.strip()


def _web_address(text: str) -> str:
    if not text.startswith(("https://", "http://")) or len(text.split()) != 1 or len(text) < 12:
        raise ValueError("an address that begins with https://")
    return text


Line = Annotated[str, Field(max_length=300), AfterValidator(_one_line)]
Url = Annotated[str, Field(max_length=300), AfterValidator(_one_line), AfterValidator(_web_address)]


class Controller(BaseModel):
    """The file of `--controller`; each key may be left out and is then a blank to fill in by hand."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: Line | None = Field(default=None, description="Name of the controller, as in the commercial register.")
    address: Line | None = Field(default=None, description="Its registered office.")
    contact: Line | None = Field(default=None, description="E-mail address or telephone for requests about data.")
    dpo: Line | None = Field(default=None, description="How to reach the data-protection officer.")
    url: Url | None = Field(default=None, description="Where the full notice can be read.")
    retention: Line | None = Field(default=None, description="How long the centre keeps the numbers.")
    processors: Line | None = Field(default=None, description="Who processes on the controller's behalf.")
    servers: Line | None = Field(default=None, description="In which countries the broker and the centre stand.")
    objection: Line | None = Field(default=None, description="What somebody does in the store to object.")
    confirmed_by: Line | None = Field(default=None, description="The lawyer who confirmed the texts.")
    confirmed_on: date | None = Field(default=None, description="When.")

    @property
    def is_confirmed(self) -> bool:
        """Whether a lawyer has confirmed the texts."""
        return self.confirmed_by is not None and self.confirmed_on is not None


def load_controller(path: Path | None, options: dict[str, str | None]) -> Controller:
    """Read the file, if there is one; an option comes before what stands in it.

    Raises:
        ControllerError: something in it cannot be used.
        OSError: the file cannot be read.
    """
    values: dict[str, Any] = {}
    if path is not None:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
        try:
            if len(data) > _MAX_BYTES:
                raise ControllerError(f"{path}: longer than 64 KiB; is it the right file?")
            values = tomllib.loads(data.decode("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ControllerError(f"{path}: not TOML: {error}") from None
    values |= {name: value for name, value in options.items() if value is not None}
    try:
        return Controller.model_validate(values)
    except ValidationError as error:
        where = path if path is not None else "options"
        known = ", ".join(Controller.model_fields)
        lines = []
        for detail in error.errors(include_url=False, include_input=False):
            key = ".".join(map(str, detail["loc"]))
            says = f"no such key; known are {known}" if detail["type"] == "extra_forbidden" else detail["msg"]
            lines.append(f"{where}: {key}: {says.removeprefix('Value error, ')}")
        raise ControllerError("\n".join(lines)) from None
