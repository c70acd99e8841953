# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""ROS parameters generated from option dataclasses: declared, read and guarded here only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field, fields, replace
from typing import Any, Optional

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.node import Node
from rclpy.parameter import Parameter

from scene_reloc_ros.ros.node.parameter_fields import described, ros_value


class NodeParameters:
    """The options of one node, kept equal to its ROS parameters."""

    def __init__(self, node: Node, options_class: type,
                 on_change: Optional[Callable[[Any, set[str]], None]] = None,
                 prefix: str = '') -> None:
        """Declare a parameter for every field of ``options_class`` on ``node``.

        Args:
            node: the rclpy node.
            options_class: a frozen dataclass of ``parameter`` fields.
            on_change: called with the new options and the set of changed names;
                ValueError refuses the change.
            prefix: of the names of the parameters.

        Raises ValueError where the values given to the node are refused.
        """
        values = {}
        for option in fields(options_class):
            declared = node.declare_parameter(
                prefix + option.name, ros_value(option.default), _descriptor(option, prefix))
            values[option.name] = _option_value(declared.value)
        self.options = options_class(**values)
        self._on_change, self._prefix = on_change, prefix
        node.add_on_set_parameters_callback(self._set)

    def _set(self, parameters: list[Parameter]) -> SetParametersResult:
        """Accept a change as a whole or refuse it with a reason."""
        names = {self._prefix + option.name: option.name for option in fields(self.options)}
        changes = {names[p.name]: _option_value(p.value) for p in parameters if p.name in names}
        if not changes:
            return SetParametersResult(successful=True)
        before = self.options
        try:
            self.options = replace(before, **changes)
            if self._on_change is not None:
                self._on_change(self.options, set(changes))
        except Exception as error:
            self.options = before
            if isinstance(error, ValueError):
                return SetParametersResult(successful=False, reason=str(error))
            raise
        return SetParametersResult(successful=True)


def _option_value(value: Any) -> Any:
    is_text = isinstance(value, (str, bytes))
    return tuple(value) if hasattr(value, '__len__') and not is_text else value


def _descriptor(option: Field, prefix: str) -> ParameterDescriptor:
    """Describe a field; the range of a list is checked by the dataclass, not by rcl."""
    descriptor = ParameterDescriptor(
        name=prefix + option.name, description=described(option),
        read_only=option.metadata['read_only'],
        dynamic_typing=option.metadata['lists'],
        additional_constraints=', '.join(option.metadata['choices'] or ()))
    minimum, maximum = option.metadata['minimum'], option.metadata['maximum']
    if minimum is None or isinstance(option.default, tuple):
        return descriptor
    if isinstance(option.default, int):
        descriptor.integer_range = [IntegerRange(from_value=minimum, to_value=maximum, step=0)]
    else:
        descriptor.floating_point_range = [
            FloatingPointRange(from_value=minimum, to_value=maximum, step=0.0)]
    return descriptor
