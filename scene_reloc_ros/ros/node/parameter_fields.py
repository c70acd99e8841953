# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Fields of option dataclasses that carry what a ROS parameter needs to be described."""

from dataclasses import field, fields
import math

DETAILS = {'unit': '', 'minimum': None, 'maximum': None, 'choices': None, 'read_only': False}


def parameter(default, description, **details):
    """Declare a dataclass field with what its ROS parameter needs to be described.

    Args:
        default: bool, int, float, str or tuple of float.
        description: a sentence.
        details: those that differ from DETAILS; a value may equal minimum and maximum, choices
            are a tuple of str, and what is read_only stays as it was when the node started.
    """
    unknown = sorted(details.keys() - DETAILS.keys())
    if unknown:
        raise ValueError(f'{", ".join(unknown)} describes no parameter; expected '
                         f'{", ".join(DETAILS)}')
    return field(default=default, metadata={'description': description, **DETAILS, **details})


def described(option):
    """Return the sentence that ``ros2 param describe`` shows for a dataclass field."""
    parts = [option.metadata['description']]
    if option.metadata['unit']:
        parts.append(f'Unit: {option.metadata["unit"]}.')
    if option.metadata['choices']:
        parts.append(f'One of: {", ".join(option.metadata["choices"])}.')
    return ' '.join(parts)


def refuse_invalid(options):
    """Raise ValueError with one sentence for the first value outside its range or choices."""
    for option in fields(options):
        value = getattr(options, option.name)
        choices = option.metadata['choices']
        if choices and value not in choices:
            raise ValueError(f'parameter {option.name} is {value!r}; expected one of '
                             f'{", ".join(choices)}')
        for number in value if isinstance(value, tuple) else (value,):
            _refuse_outside(option, number)
        if isinstance(value, tuple) and len(value) != len(option.default):
            raise ValueError(f'parameter {option.name} has {len(value)} numbers; expected '
                             f'{len(option.default)}')


def _refuse_outside(option, number):
    if isinstance(number, str):
        return
    if not math.isfinite(number):
        raise ValueError(f'parameter {option.name} is {number}; expected a finite number')
    minimum, maximum = option.metadata['minimum'], option.metadata['maximum']
    if minimum is not None and number < minimum or maximum is not None and number > maximum:
        unit = f' {option.metadata["unit"]}' if option.metadata['unit'] else ''
        raise ValueError(f'parameter {option.name} is {number}; expected {minimum} to {maximum}'
                         f'{unit}')
