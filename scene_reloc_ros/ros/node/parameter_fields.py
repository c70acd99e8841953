# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Fields of option dataclasses that carry what a ROS parameter needs to be described."""

from __future__ import annotations

from dataclasses import Field, field, fields
import math
from typing import Any, Optional

Number = int | float


def parameter(default: Any, description: str, *, unit: str = '',
              limits: tuple[Optional[Number], Optional[Number]] = (None, None),
              choices: Optional[tuple[str, ...]] = None, read_only: bool = False) -> Any:
    """Declare a dataclass field with the description, unit and range of its ROS parameter."""
    minimum, maximum = limits
    return field(default=default, metadata={
        'description': description, 'unit': unit, 'minimum': minimum, 'maximum': maximum,
        'choices': choices, 'read_only': read_only, 'lists': False})


def text_or_list(default: str, description: str) -> Any:
    """Declare a field that is a text or a tuple of them; its ROS parameter may be of either."""
    return field(default=default, metadata={
        **parameter(default, description).metadata, 'lists': True})


def redescribed(options_class: type, name: str, description: str) -> Any:
    """Declare the field ``name`` of a base class again, with another description only."""
    inherited = next(option for option in fields(options_class) if option.name == name)
    return field(default=inherited.default,
                 metadata={**inherited.metadata, 'description': description})


def declared_defaults(options_class: type) -> dict[str, Any]:
    """Return {parameter name: default} of the options of a node, with the types of ROS."""
    return {option.name: ros_value(option.default) for option in fields(options_class)}


def ros_value(value: Any) -> Any:
    """Return the value of a field as ROS has it: a list where it is a tuple."""
    return list(value) if isinstance(value, tuple) else value


def described(option: Field) -> str:
    """Return the sentence that ``ros2 param describe`` shows for a dataclass field."""
    parts = [option.metadata['description']]
    if option.metadata['unit']:
        parts.append(f'Unit: {option.metadata["unit"]}.')
    if option.metadata['choices']:
        parts.append(f'One of: {", ".join(option.metadata["choices"])}.')
    return ' '.join(parts)


def refuse_invalid(options: Any) -> None:
    """Raise ValueError with one sentence for the first value outside its range or choices."""
    for option in fields(options):
        value = getattr(options, option.name)
        choices = option.metadata['choices']
        if choices and value not in choices:
            raise ValueError(f'parameter {option.name} is {value!r}; expected one of '
                             f'{", ".join(choices)}')
        for number in value if isinstance(value, tuple) else (value,):
            _refuse_outside(option, number)
        wanted = option.default if isinstance(option.default, tuple) else ()
        free = option.metadata['lists'] or any(isinstance(one, str) for one in wanted)
        if isinstance(value, tuple) and not free and len(value) != len(wanted):
            raise ValueError(f'parameter {option.name} has {len(value)} numbers; expected '
                             f'{len(wanted)}')


def _refuse_outside(option: Field, number: Any) -> None:
    if not isinstance(number, (int, float)):
        return
    if not math.isfinite(number):
        raise ValueError(f'parameter {option.name} is {number}; expected a finite number')
    minimum, maximum = option.metadata['minimum'], option.metadata['maximum']
    if minimum is not None and number < minimum or maximum is not None and number > maximum:
        unit = f' {option.metadata["unit"]}' if option.metadata['unit'] else ''
        raise ValueError(f'parameter {option.name} is {number}; expected {minimum} to {maximum}'
                         f'{unit}')
